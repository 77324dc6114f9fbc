package orchestrator

import (
	"context"
	"strings"

	"github.com/moby/moby/client"

	"github.com/stackrun/stack/plugins/docker/internal/engine"
)

// facts is what is known of an engine.
type facts struct {
	known   bool
	name    string // of its machine
	version string
	cores   int
	memory  int64
	gpus    bool
}

func askFacts(ctx context.Context, c *client.Client) (facts, error) {
	result, err := c.Info(ctx, client.InfoOptions{})
	if err != nil {
		return facts{}, engine.Error("ask the docker engine", err)
	}
	info := result.Info
	f := facts{known: true, name: info.Name, version: info.ServerVersion, cores: info.NCPU, memory: info.MemTotal}
	_, f.gpus = info.Runtimes["nvidia"]
	for _, device := range info.DiscoveredDevices { // Container Device Interface
		f.gpus = f.gpus || strings.HasPrefix(device.ID, "nvidia.com/gpu")
	}
	return f, nil
}
