package orchestrator

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/plugins/local/internal/machine"
	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/driver"
)

func box() *Local {
	return &Local{machine: machine.Machine{Host: "box", Cores: 4, MemoryBytes: 16 << 30, GPUs: []string{"NVIDIA L4"}}}
}

func TestPlanRefusesWhatTheMachineLacks(t *testing.T) {
	tests := []struct {
		name string
		step sdk.Step
		want string // root elems placement
	}{
		{"fits", sdk.Step{Resources: sdk.Resources{CPU: 4, MemoryBytes: 16 << 30, Accelerator: &sdk.Accelerator{Name: "l4", Count: 1}}}, ""},
		{"cores", sdk.Step{Resources: sdk.Resources{CPU: 4.5}}, "settings resources.cpu true"},
		{"memory", sdk.Step{Resources: sdk.Resources{MemoryBytes: 17 << 30}}, "settings resources.memory true"},
		{"another GPU", sdk.Step{Resources: sdk.Resources{Accelerator: &sdk.Accelerator{Name: "h100", Count: 1}}}, "settings resources.accelerator true"},
		{"more GPUs", sdk.Step{Resources: sdk.Resources{Accelerator: &sdk.Accelerator{Name: "gpu", Count: 2}}}, "settings resources.accelerator true"},
		{"machine type", sdk.Step{Resources: sdk.Resources{MachineType: "n2-standard-4"}}, "settings resources.machine_type true"},
		{"nodes", sdk.Step{Nodes: 2}, "settings nodes false"},
		{"spot", sdk.Step{Resources: sdk.Resources{Spot: true}}, "settings resources.spot false"},
		{"secrets", sdk.Step{Secrets: []string{"wandb"}}, "settings image.secret_environment_from false"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.step.Name, tt.step.Command = "train", []string{"true"}
			plan, found, err := box().Plan(t.Context(), sdk.Workflow{Steps: []sdk.Step{tt.step}, SourceRoot: "/src"}, false)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, d := range found {
				got += string(d.Path.Root) + " " + strings.Join(d.Path.Elems, ".")
				if d.Placement {
					got += " true"
				} else {
					got += " false"
				}
				if d.Severity != sdk.SeverityError || d.Path.Step != "train" {
					t.Errorf("%+v", d)
				}
			}
			if got != tt.want {
				t.Errorf("found %q, want %q", got, tt.want)
			}
			if len(plan.Placements) != 1 || !strings.HasPrefix(plan.Placements[0].Reason, "processes on this machine (box, 4 cores, 16 GiB, 1 × NVIDIA L4)") {
				t.Errorf("placed as %+v", plan.Placements)
			}
		})
	}
}

func TestDecode(t *testing.T) {
	good, found := decode(sdk.Config(`{"max_parallel":3,"grace":"1m"}`), 8)
	if len(found) > 0 || good.maxParallel != 3 || good.grace.String() != "1m0s" {
		t.Errorf("%+v, %+v", good, found)
	}
	if plain, found := decode(nil, 2); len(found) > 0 || plain.maxParallel != leastParallel || plain.grace != driver.DefaultGrace {
		t.Errorf("%+v, %+v", plain, found)
	}
	for text, elem := range map[string]string{
		`{"max_parallel":0}`: "max_parallel", `{"max_parallel":1.5}`: "max_parallel", `{"max_parallel":1e300}`: "max_parallel",
		`{"grace":"soon"}`: "grace", `{"grace":"-1s"}`: "grace", `{"grace":7}`: "", `[]`: "",
	} {
		_, found := decode(sdk.Config(text), 2)
		if len(found) != 1 || strings.Join(found[0].Path.Elems, ".") != elem || found[0].Path.Root != sdk.RootStack {
			t.Errorf("%s: %+v", text, found)
		}
	}
}

func TestLookPath(t *testing.T) {
	dir := t.TempDir()
	for _, folder := range []string{"bin", "later", "src/scripts"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, mode := range map[string]os.FileMode{"bin/tool": 0o755, "later/tool": 0o755, "bin/data": 0o644, "later/data": 0o755, "src/scripts/run": 0o755, "src/own": 0o755} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "bin") + ":" + filepath.Join(dir, "later")
	src := filepath.Join(dir, "src")
	for _, tt := range []struct{ name, path, want string }{
		{"tool", path, "bin/tool"}, {"data", path, "later/data"}, {"./own", path, "src/own"}, {"scripts/run", path, "src/scripts/run"},
		{filepath.Join(dir, "bin/tool"), "", "bin/tool"}, {"own", "", ""}, {"own", ":" + path, "src/own"}, {"own", ".", "src/own"},
		{"missing", path, ""}, {"./missing", path, ""}, {"./scripts", path, ""}, {"", path, ""}, {filepath.Join(dir, "bin/data"), "", ""},
	} {
		got, err := lookPath(tt.name, tt.path, src)
		if (err == nil) != (tt.want != "") || err == nil && got != filepath.Join(dir, tt.want) {
			t.Errorf("%q in %q: %q, %v; want %q", tt.name, tt.path, got, err, tt.want)
		}
	}
}

func TestGather(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "source")
	if err := os.MkdirAll(filepath.Join(source, "deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(source, "deep", "file"), []byte("x"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("deep/file", filepath.Join(source, "link")); err != nil {
		t.Fatal(err)
	}
	if err := gather(filepath.Join(dir, "in"), []driver.InputSource{{Entry: "lr=0.1", Path: source}, {Entry: "one", Path: filepath.Join(source, "deep", "file")}}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, name := range []string{"lr=0.1/deep/file", "lr=0.1/link", "one"} {
		data, err := os.ReadFile(filepath.Join(dir, "in", name))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, name+"="+string(data))
	}
	if diff := cmp.Diff([]string{"lr=0.1/deep/file=x", "lr=0.1/link=x", "one=x"}, got); diff != "" {
		t.Errorf("gathered (-want +got):\n%s", diff)
	}
	for _, entry := range []string{"", "..", "a/b"} {
		if err := gather(filepath.Join(dir, "bad"), []driver.InputSource{{Entry: entry, Path: source}}); err == nil {
			t.Errorf("the entry %q is taken", entry)
		}
	}
}
