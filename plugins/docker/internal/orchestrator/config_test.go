package orchestrator

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/sdk"
)

func TestConfiguration(t *testing.T) {
	tests := []struct {
		stack, step string
		want        string // elems of what is wrong
	}{
		{`{}`, `{}`, ""},
		{`{"host":"unix:///x","network":"host","volumes":["/data:/data:ro","cache:/root/.cache"],"max_parallel":3,"pids_limit":100,"init":false,"grace":"5s"}`, `{"network":"my-net_1","gpus":["0","GPU-8f7a"]}`, ""},
		{`{"host":"/var/run/docker.sock"}`, `{}`, "host"},
		{`{"network":"a b"}`, `{}`, "network"},
		{`{"max_parallel":0}`, `{}`, "max_parallel"},
		{`{"pids_limit":1.5}`, `{}`, "pids_limit"},
		{`{"grace":"soon"}`, `{}`, "grace"},
		{`{"volumes":["ok:/data","/data"]}`, `{}`, "volumes.1"},
		{`{"volumes":["/a:data"]}`, `{}`, "volumes.0"},
		{`{"volumes":["/a:/"]}`, `{}`, "volumes.0"},
		{`{"volumes":["/a:/stack/inputs"]}`, `{}`, "volumes.0"},
		{`{"volumes":["/a:/x/../stack"]}`, `{}`, "volumes.0"},
		{`{"volumes":["./data:/data"]}`, `{}`, "volumes.0"},
		{`{"volumes":["data/x:/data"]}`, `{}`, "volumes.0"},
		{`{"volumes":["/a:/b:rx"]}`, `{}`, "volumes.0"},
		{`{}`, `{"gpus":["0,1"]}`, "gpus.0"},
		{`{}`, `{"volumes":["/a"],"network":"/"}`, "network volumes.0"},
		{`{"init":3}`, `{}`, ""},
	}
	for _, tt := range tests {
		found, err := New().Validate(t.Context(), sdk.Config(tt.stack), map[string]sdk.Config{"train": sdk.Config(tt.step)})
		if err != nil {
			t.Fatal(err)
		}
		var elems []string
		for _, d := range found {
			elems = append(elems, strings.Join(d.Path.Elems, "."))
		}
		if got := strings.Join(elems, " "); got != tt.want {
			t.Errorf("%s %s: found %q, want %q", tt.stack, tt.step, got, tt.want)
		}
	}
	if found, _ := New().Validate(t.Context(), sdk.Config(`{"init":3}`), nil); len(found) != 1 {
		t.Errorf("a wrong type: %+v", found)
	}
}

func TestSpec(t *testing.T) {
	step := sdk.Step{
		Name: "train", Command: []string{"python", "-m", "train"}, Workdir: "/app",
		Image:     &sdk.Image{Reference: "reg:5000/team/churn:1", Digest: "sha256:abc", Platform: "linux/amd64"},
		Resources: sdk.Resources{CPU: 1.5, MemoryBytes: 1 << 30, ShmBytes: 64 << 20, Accelerator: &sdk.Accelerator{Name: "gpu", Count: 2}},
	}
	limit := 50.0
	s := specOf(step, step.Command, stackConfig{Network: "a", Volumes: []string{"x:/x"}, PidsLimit: &limit}, stepConfig{Network: "b", Volumes: []string{"y:/y"}})
	data, err := json.Marshal(map[string]any{
		"image": s.Config.Image, "entrypoint": s.Config.Entrypoint, "cmd": s.Config.Cmd, "workdir": s.Config.WorkingDir,
		"network": s.HostConfig.NetworkMode, "binds": s.HostConfig.Binds, "cpus": s.HostConfig.NanoCPUs, "memory": s.HostConfig.Memory,
		"swap": s.HostConfig.MemorySwap, "shm": s.HostConfig.ShmSize, "pids": s.HostConfig.PidsLimit, "init": s.HostConfig.Init,
		"gpus": s.HostConfig.DeviceRequests, "platform": s.Platform,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"binds":["x:/x","y:/y"],"cmd":null,"cpus":1500000000,"entrypoint":["python","-m","train"],` +
		`"gpus":[{"Driver":"","Count":2,"DeviceIDs":null,"Capabilities":[["gpu"]],"Options":null}],` +
		`"image":"reg:5000/team/churn@sha256:abc","init":true,"memory":1073741824,"network":"b","pids":50,"platform":"linux/amd64","shm":67108864,"swap":1073741824,"workdir":"/app"}`
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("container (-want +got):\n%s", diff)
	}
	named := specOf(step, nil, stackConfig{}, stepConfig{GPUs: []string{"1", "3"}})
	if got := named.HostConfig.DeviceRequests[0]; got.Count != 0 || len(got.DeviceIDs) != 2 {
		t.Errorf("named GPUs are asked for as %+v", got)
	}
	step.Resources.Accelerator = nil
	if got := specOf(step, nil, stackConfig{}, stepConfig{}).HostConfig.DeviceRequests; got != nil {
		t.Errorf("without an accelerator, devices are asked for: %+v", got)
	}
}

func TestLacks(t *testing.T) {
	small := facts{known: true, cores: 2, memory: 4 << 30}
	with := facts{known: true, cores: 2, memory: 4 << 30, gpus: true}
	tests := []struct {
		name  string
		facts facts
		step  sdk.Step
		own   stepConfig
		want  string // SEVERITY ELEMS, placement with a "!"
	}{
		{"fits", small, sdk.Step{Resources: sdk.Resources{CPU: 2, MemoryBytes: 4 << 30}}, stepConfig{}, ""},
		{"cores", small, sdk.Step{Resources: sdk.Resources{CPU: 3}}, stepConfig{}, "error resources.cpu!"},
		{"memory", small, sdk.Step{Resources: sdk.Resources{MemoryBytes: 5 << 30}}, stepConfig{}, "error resources.memory!"},
		{"nothing is known", facts{}, sdk.Step{Resources: sdk.Resources{CPU: 3, Accelerator: &sdk.Accelerator{Name: "gpu", Count: 1}}}, stepConfig{}, ""},
		{"no GPUs", small, sdk.Step{Resources: sdk.Resources{Accelerator: &sdk.Accelerator{Name: "gpu", Count: 1}}}, stepConfig{}, "error resources.accelerator!"},
		{"any GPU", with, sdk.Step{Resources: sdk.Resources{Accelerator: &sdk.Accelerator{Name: "gpu", Count: 1}}}, stepConfig{}, ""},
		{"a model", with, sdk.Step{Resources: sdk.Resources{Accelerator: &sdk.Accelerator{Name: "h100", Count: 1}}}, stepConfig{}, "warning resources.accelerator"},
		{"other GPUs than asked for", with, sdk.Step{Resources: sdk.Resources{Accelerator: &sdk.Accelerator{Name: "gpu", Count: 1}}}, stepConfig{GPUs: []string{"0", "1"}}, "error gpus"},
		{"TPUs", with, sdk.Step{Resources: sdk.Resources{Accelerator: &sdk.Accelerator{Name: "tpu-v6e", Count: 8}}}, stepConfig{}, "error resources.accelerator!"},
		{"disk", small, sdk.Step{Resources: sdk.Resources{DiskBytes: 1}}, stepConfig{}, "error resources.disk"},
		{"disk, and nothing is known", facts{}, sdk.Step{Resources: sdk.Resources{DiskBytes: 1 << 30}}, stepConfig{}, "error resources.disk"},
		{"little memory", small, sdk.Step{Resources: sdk.Resources{MemoryBytes: 6<<20 - 1}}, stepConfig{}, "error resources.memory"},
		{"enough memory", small, sdk.Step{Resources: sdk.Resources{MemoryBytes: 6 << 20}}, stepConfig{}, ""},
		{"shm is all memory", small, sdk.Step{Resources: sdk.Resources{MemoryBytes: 1 << 30, ShmBytes: 1 << 30}}, stepConfig{}, ""},
		{"shm over memory", facts{}, sdk.Step{Resources: sdk.Resources{MemoryBytes: 1 << 30, ShmBytes: 2 << 30}}, stepConfig{}, "error resources.shm!"},
		{"shm over the machine's memory", small, sdk.Step{Resources: sdk.Resources{ShmBytes: 5 << 30}}, stepConfig{}, "error resources.shm!"},
		{"shm, and nothing is known", facts{}, sdk.Step{Resources: sdk.Resources{ShmBytes: 5 << 30}}, stepConfig{}, ""},
		{"machine type", with, sdk.Step{Resources: sdk.Resources{MachineType: "m5.large"}}, stepConfig{}, "error resources.machine_type!"},
	}
	for _, tt := range tests {
		var got []string
		for _, d := range tt.facts.lacks(tt.step, tt.own) {
			text := string(d.Severity) + " " + strings.Join(d.Path.Elems, ".")
			if d.Placement {
				text += "!"
			}
			got = append(got, text)
		}
		if text := strings.Join(got, ", "); text != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, text, tt.want)
		}
	}
}

func TestInitFailure(t *testing.T) {
	for text, want := range map[string]string{
		"[FATAL tini (7)] exec /no/such failed: No such file or directory\n": "command /no/such failed: No such file or directory",
		"x\n[FATAL tini (12)] exec a b failed: Permission denied\n":          "command a b failed: Permission denied",
		"sh: 1: foo: not found\n": "", "": "", "[FATAL tini (7)] something else\n": "",
	} {
		if got := initFailure(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// An engine that does not answer is a warning of Configure and an error of what
// needs it, with what to do.
func TestAnEngineThatIsDown(t *testing.T) {
	dir := t.TempDir()
	d := New()
	_, found, err := d.Configure(t.Context(), sdk.Configuration{Stack: sdk.Config(`{"host":"unix://` + dir + `/no.sock"}`), StateDir: dir, ArtifactStore: "file://" + dir})
	if err != nil || len(found) != 1 || found[0].Severity != sdk.SeverityWarning || !strings.Contains(found[0].Suggestion, "Start Docker") {
		t.Fatalf("Configure: %+v, %v", found, err)
	}
	w := sdk.Workflow{Flow: "f", RunID: "r", Steps: []sdk.Step{{Name: "a", Command: []string{"true"}}}}
	if _, _, err := d.Plan(t.Context(), w, false); err != nil {
		t.Errorf("Plan offline: %v", err)
	}
	_, _, plan := d.Plan(t.Context(), w, true)
	_, submit := d.Submit(t.Context(), w, nil)
	_, _, list := d.List(t.Context(), sdk.ListRequest{})
	for call, err := range map[string]error{"Plan online": plan, "Submit": submit, "List": list} {
		why, ok := err.(*sdk.Error)
		if !ok || why.Hint == "" || !why.Retryable || why.Denied {
			t.Errorf("%s: %#v", call, err)
		}
	}
	if err := d.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
