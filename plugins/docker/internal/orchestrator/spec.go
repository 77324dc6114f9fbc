package orchestrator

import (
	"path"

	"github.com/moby/moby/api/types/container"

	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/driver"
)

// Where a container has its inputs and outputs.
const (
	filesDir   = "/stack"
	inputsDir  = filesDir + "/inputs"
	outputsDir = filesDir + "/outputs"
)

// Labels by which containers are found again.
const (
	labelRun     = "stack.run"
	labelFlow    = "stack.flow"
	labelStep    = "stack.step"
	labelAttempt = "stack.attempt"
)

func inputPath(name string) string  { return path.Join(inputsDir, name) }
func outputPath(name string) string { return path.Join(outputsDir, name) }

func paths() driver.Paths { return driver.Paths{Input: inputPath, Output: outputPath} }

// spec is a container as it is asked of the engine.
type spec struct {
	Config     *container.Config     `json:"config"`
	HostConfig *container.HostConfig `json:"host_config"`
	Platform   string                `json:"platform,omitempty"`
}

// attemptSpec is the container of an attempt. It is pure.
func attemptSpec(a driver.Attempt, stack stackConfig, own stepConfig) spec {
	s := specOf(a.Step, a.Command(paths()), stack, own)
	for _, v := range a.Environment(paths()) {
		s.Config.Env = append(s.Config.Env, v.Name+"="+v.Value)
	}
	s.Config.Labels = labels(a)
	return s
}

// specOf translates a step. It is pure; environment and labels of an attempt
// come on top.
func specOf(step sdk.Step, argv []string, stack stackConfig, own stepConfig) spec {
	image := ""
	platform := ""
	if step.Image != nil {
		image, platform = step.Image.Pinned(), step.Image.Platform
	}
	useInit := stack.Init == nil || *stack.Init
	r := step.Resources
	host := &container.HostConfig{
		Init:        &useInit,
		NetworkMode: container.NetworkMode(first(own.Network, stack.Network)),
		Binds:       append(append([]string(nil), stack.Volumes...), own.Volumes...),
		ShmSize:     r.ShmBytes,
		Resources: container.Resources{
			NanoCPUs:       int64(r.CPU * 1e9),
			Memory:         r.MemoryBytes,
			MemorySwap:     r.MemoryBytes, // no swap on top: the limit is the limit
			DeviceRequests: gpus(r.Accelerator, own.GPUs),
		},
	}
	if stack.PidsLimit != nil {
		limit := int64(*stack.PidsLimit)
		host.PidsLimit = &limit
	}
	return spec{
		Config: &container.Config{
			Image:      image,
			Entrypoint: argv, // no Cmd: the image's is not appended to another entrypoint
			WorkingDir: step.Workdir,
			// The image's check of a service would only cost time here.
			Healthcheck: &container.HealthConfig{Test: []string{"NONE"}},
		},
		HostConfig: host,
		Platform:   platform,
	}
}

// gpus is what `docker run --gpus` sends.
func gpus(a *sdk.Accelerator, ids []string) []container.DeviceRequest {
	request := container.DeviceRequest{Capabilities: [][]string{{"gpu"}}}
	switch {
	case len(ids) > 0:
		request.DeviceIDs = ids
	case a != nil && a.Count > 0 && !isTPU(a.Name):
		request.Count = a.Count
	default:
		return nil
	}
	return []container.DeviceRequest{request}
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
