package orchestrator

import (
	"encoding/json"
	"fmt"
	"math"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/driver"
)

const (
	docNetwork = "Network of the containers: bridge, host, none, or the name of one that exists; by default the engine's."
	docVolumes = "Volumes and folders of the engine's machine, as NAME:/path or /folder:/path, with :ro for read only."
)

func schema() sdk.Schema {
	return sdk.Schema{
		Stack: sdk.Block{
			Doc: "Steps are containers on a Docker Engine.",
			Attributes: []sdk.Attribute{
				{Name: "host", Type: "string", Doc: "The engine, such as unix:///var/run/docker.sock or tcp://10.0.0.5:2376; by default as the docker command finds it: DOCKER_HOST, the current context, the default socket."},
				{Name: "network", Type: "string", Doc: docNetwork},
				{Name: "volumes", Type: "list(string)", Doc: docVolumes + " Steps get these and their own."},
				{Name: "max_parallel", Type: "number", Doc: "How many steps may run at the same time; no limit by default."},
				{Name: "pids_limit", Type: "number", Doc: "How many processes a container may have; the engine's limit by default."},
				{Name: "init", Type: "bool", Doc: "Whether the engine's init is process 1 of containers: it passes signals on and reaps.", Default: json.RawMessage("true")},
				{Name: "grace", Type: "string", Doc: "How long a step that is stopped may take to end by itself, such as 30s.", Default: json.RawMessage(`"` + driver.DefaultGrace.String() + `"`)},
			},
		},
		Step: sdk.Block{
			Doc: "Settings of the step's container.",
			Attributes: []sdk.Attribute{
				{Name: "network", Type: "string", Doc: docNetwork},
				{Name: "volumes", Type: "list(string)", Doc: docVolumes},
				{Name: "gpus", Type: "list(string)", Doc: "The GPUs to use, by number or UUID, rather than any that resources.accelerator asks for."},
			},
		},
	}
}

type stackConfig struct {
	Host        string   `json:"host"`
	Network     string   `json:"network"`
	Volumes     []string `json:"volumes"`
	MaxParallel *float64 `json:"max_parallel"`
	PidsLimit   *float64 `json:"pids_limit"`
	Init        *bool    `json:"init"`
	Grace       *string  `json:"grace"`

	grace time.Duration
}

type stepConfig struct {
	Network string   `json:"network"`
	Volumes []string `json:"volumes"`
	GPUs    []string `json:"gpus"`
}

// problems gathers diagnostics of one block.
type problems struct {
	root sdk.PathRoot
	step string
	list []sdk.Diagnostic
}

func (p *problems) add(summary string, elems ...string) {
	p.list = append(p.list, sdk.Diagnostic{
		Severity: sdk.SeverityError, Summary: summary, Path: sdk.Path{Root: p.root, Step: p.step, Elems: elems},
	})
}

func (p *problems) decode(config sdk.Config, into any) bool {
	if len(config) == 0 {
		return true
	}
	if err := json.Unmarshal(config, into); err != nil {
		p.add("the configuration is not as the schema says: " + err.Error())
		return false
	}
	return true
}

func decodeStack(config sdk.Config) (stackConfig, []sdk.Diagnostic) {
	out := stackConfig{grace: driver.DefaultGrace}
	p := problems{root: sdk.RootStack}
	if !p.decode(config, &out) {
		return out, p.list
	}
	if out.Host != "" && !strings.Contains(out.Host, "://") {
		p.add(fmt.Sprintf("host %q is no address such as unix:///var/run/docker.sock", out.Host), "host")
	}
	p.network(out.Network)
	p.volumes(out.Volumes)
	p.whole("max_parallel", out.MaxParallel)
	p.whole("pids_limit", out.PidsLimit)
	if out.Grace != nil {
		grace, err := time.ParseDuration(*out.Grace)
		if err != nil || grace <= 0 {
			p.add(fmt.Sprintf("grace must be a time such as 30s, not %q", *out.Grace), "grace")
		}
		out.grace = grace
	}
	return out, p.list
}

func decodeStep(step string, config sdk.Config) (stepConfig, []sdk.Diagnostic) {
	var out stepConfig
	p := problems{root: sdk.RootStep, step: step}
	if !p.decode(config, &out) {
		return out, p.list
	}
	p.network(out.Network)
	p.volumes(out.Volumes)
	for i, gpu := range out.GPUs {
		if gpu == "" || strings.ContainsAny(gpu, ", \x00") {
			p.add(fmt.Sprintf("%q is no GPU's number or UUID", gpu), "gpus", strconv.Itoa(i))
		}
	}
	return out, p.list
}

func (p *problems) whole(name string, n *float64) {
	if n != nil && (*n != math.Trunc(*n) || *n < 1 || *n > 1e9) {
		p.add(name+" must be a whole number of 1 or more", name)
	}
}

func (p *problems) network(name string) {
	if strings.ContainsAny(name, " \t\n\x00/") {
		p.add(fmt.Sprintf("%q is no network's name", name), "network")
	}
}

func (p *problems) volumes(volumes []string) {
	for i, volume := range volumes {
		parts := strings.Split(volume, ":")
		options := ""
		if len(parts) == 3 {
			options = parts[2]
		}
		switch {
		case len(parts) < 2 || len(parts) > 3 || parts[0] == "" || strings.ContainsRune(volume, 0):
			p.add(fmt.Sprintf("volume %q is not NAME:/path, /folder:/path or the same with :ro", volume), "volumes", strconv.Itoa(i))
		case !path.IsAbs(parts[1]) || path.Clean(parts[1]) == "/":
			p.add(fmt.Sprintf("volume %q: %q is no absolute path in the container", volume, parts[1]), "volumes", strconv.Itoa(i))
		case strings.HasPrefix(path.Clean(parts[1])+"/", filesDir+"/"):
			p.add(fmt.Sprintf("volume %q: %s belongs to inputs and outputs", volume, filesDir), "volumes", strconv.Itoa(i))
		case strings.HasPrefix(parts[0], "."), !path.IsAbs(parts[0]) && strings.Contains(parts[0], "/"):
			p.add(fmt.Sprintf("volume %q: folders are written as absolute paths of the engine's machine", volume), "volumes", strconv.Itoa(i))
		case options != "" && options != "ro" && options != "rw":
			p.add(fmt.Sprintf("volume %q: %q is neither ro nor rw", volume, options), "volumes", strconv.Itoa(i))
		}
	}
}
