package wire

import (
	"sort"
	"strings"

	"github.com/stackrun/stack/sdk"
	pb "github.com/stackrun/stack/sdk/proto/orchestrator/v1"
)

func toConfigs(configs map[string]sdk.Config) map[string][]byte {
	if configs == nil {
		return nil
	}
	out := make(map[string][]byte, len(configs))
	for name, config := range configs {
		out[name] = config
	}
	return out
}

func fromConfigs(configs map[string][]byte) map[string]sdk.Config {
	if configs == nil {
		return nil
	}
	out := make(map[string]sdk.Config, len(configs))
	for name, config := range configs {
		out[name] = some(config)
	}
	return out
}

func toConfiguration(c sdk.Configuration) *pb.ConfigureRequest {
	return &pb.ConfigureRequest{
		StackJson:     c.Stack,
		StateDir:      c.StateDir,
		ArtifactStore: c.ArtifactStore,
		Environment:   toEnvironment(c.Environment),
	}
}

func fromConfiguration(c *pb.ConfigureRequest) sdk.Configuration {
	return sdk.Configuration{
		Stack:         some(c.GetStackJson()),
		StateDir:      c.GetStateDir(),
		ArtifactStore: c.GetArtifactStore(),
		Environment:   fromEnvironment(c.GetEnvironment()),
	}
}

// toEnvironment writes variables as execve takes them: neither names nor
// values of an environment need be UTF-8.
func toEnvironment(env map[string]string) [][]byte {
	var out [][]byte
	for name, value := range env {
		out = append(out, []byte(name+"="+value))
	}
	sort.Slice(out, func(i, j int) bool { return string(out[i]) < string(out[j]) })
	return out
}

func fromEnvironment(env [][]byte) map[string]string {
	if len(env) == 0 {
		return nil
	}
	out := make(map[string]string, len(env))
	for _, variable := range env {
		name, value, _ := strings.Cut(string(variable), "=")
		out[name] = value
	}
	return out
}

func toIdentity(i sdk.Identity) *pb.Identity {
	return &pb.Identity{Principal: text(i.Principal), Account: text(i.Account), Region: text(i.Region)}
}

func fromIdentity(i *pb.Identity) sdk.Identity {
	return sdk.Identity{Principal: i.GetPrincipal(), Account: i.GetAccount(), Region: i.GetRegion()}
}
