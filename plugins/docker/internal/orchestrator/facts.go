package orchestrator

import (
	"context"
	"maps"
	"slices"
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

	networks map[string]string // ids by name; nil: not known
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
	// An engine behind a filter may not tell; a container says then what is wrong.
	if listed, err := c.NetworkList(ctx, client.NetworkListOptions{}); err == nil {
		f.networks = make(map[string]string, len(listed.Items))
		for _, n := range listed.Items {
			f.networks[n.Name] = n.ID
		}
	}
	return f, nil
}

// has reports whether a container can join a network of that name. Engines take
// the beginning of an id too, and what another container has.
func (f facts) has(network string) bool {
	if network == "" || network == "default" || strings.HasPrefix(network, "container:") {
		return true
	}
	for name, id := range f.networks {
		if name == network || strings.HasPrefix(id, network) {
			return true
		}
	}
	return false
}

// networkNames is the names of the engine's networks, sorted.
func (f facts) networkNames() []string { return slices.Sorted(maps.Keys(f.networks)) }
