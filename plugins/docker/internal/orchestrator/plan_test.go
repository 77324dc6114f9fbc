package orchestrator

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/client"

	"github.com/stackrun/stack/sdk"
)

// planned is a plugin that has asked an engine which had these facts.
func planned(t *testing.T, f facts, config stackConfig) *Docker {
	t.Helper()
	c, err := client.New(client.WithHost("unix:///nobody.sock"))
	if err != nil {
		t.Fatal(err)
	}
	d := New()
	d.client, d.facts, d.config = c, f, config
	return d
}

func TestDocument(t *testing.T) {
	limit := 50.0
	step := sdk.Step{
		Name: "train[lr=0.1]", Workdir: "/app",
		Command:     []string{"sh", "-c", "cat < " + sdk.InputReference("data") + " > " + sdk.OutputReference("my-model") + " && exit 0", ""},
		Image:       &sdk.Image{Reference: "reg:5000/team/churn:1", Digest: "sha256:abc", Platform: "linux/amd64"},
		Environment: []sdk.EnvVar{{Name: "EMPTY"}, {Name: "DATA", Value: sdk.InputReference("data")}, {Name: "ZERO", Value: "0"}},
		Inputs:      []sdk.Input{{Name: "data"}},
		Outputs:     []sdk.Output{{Name: "my-model", Type: sdk.OutputFile}},
		Resources:   sdk.Resources{CPU: 2, MemoryBytes: 1 << 30, Accelerator: &sdk.Accelerator{Name: "gpu", Count: 2}},
	}
	d := planned(t, facts{}, stackConfig{Network: "host", PidsLimit: &limit})
	plan, _, err := d.Plan(t.Context(), sdk.Workflow{Flow: "churn", Labels: map[string]string{"team": ""}, Steps: []sdk.Step{step}}, false)
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "config": {
    "Entrypoint": [
      "sh",
      "-c",
      "cat < /stack/inputs/data > /stack/outputs/my-model && exit 0",
      ""
    ],
    "Env": [
      "EMPTY=",
      "DATA=/stack/inputs/data",
      "ZERO=0",
      "STACK_RUN_ID=${run id}",
      "STACK_FLOW=churn",
      "STACK_STEP=train[lr=0.1]",
      "STACK_ATTEMPT=${attempt}",
      "STACK_INPUT_data=/stack/inputs/data",
      "STACK_OUTPUT_my_model=/stack/outputs/my-model"
    ],
    "Healthcheck": {
      "Test": [
        "NONE"
      ]
    },
    "Image": "reg:5000/team/churn@sha256:abc",
    "Labels": {
      "stack.attempt": "${attempt}",
      "stack.flow": "churn",
      "stack.run": "${run id}",
      "stack.step": "train[lr=0.1]",
      "team": ""
    },
    "WorkingDir": "/app"
  },
  "host_config": {
    "DeviceRequests": [
      {
        "Capabilities": [
          [
            "gpu"
          ]
        ],
        "Count": 2
      }
    ],
    "Init": true,
    "Memory": 1073741824,
    "MemorySwap": 1073741824,
    "NanoCpus": 2000000000,
    "NetworkMode": "host",
    "PidsLimit": 50
  },
  "name": "stack-${run id}-train-lr-0.1-` + hashOf(step.Name) + `-${attempt}",
  "platform": "linux/amd64"
}`
	if diff := cmp.Diff(want, string(plan.Documents[0].Content)); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
}

// hashOf is the part of a container's name that tells steps apart.
func hashOf(step string) string {
	name := containerName("r", step, "1")
	name = strings.TrimSuffix(name, "-1")
	return name[strings.LastIndexByte(name, '-')+1:]
}

func TestPlanRefusesNetworksThatDoNotExist(t *testing.T) {
	has := facts{known: true, cores: 2, memory: 4 << 30, networks: map[string]string{"bridge": "aa11", "host": "bb22", "mine": "cc33"}}
	tests := []struct {
		name        string
		facts       facts
		stack, step string
		want        string // ROOT.ELEMS of what is wrong
	}{
		{"none named", has, "", "", ""},
		{"both are there", has, "mine", "host", ""},
		{"by the beginning of the id", has, "cc3", "", ""},
		{"the engine's default", has, "default", "", ""},
		{"another container's", has, "", "container:db", ""},
		{"the stack's is not there", has, "ghost", "", "stack.network"},
		{"the step's is not there", has, "mine", "ghost", "step.network"},
		{"the engine did not answer", facts{}, "ghost", "ghost", ""},
		{"the engine has none to tell", facts{known: true}, "ghost", "ghost", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			step := sdk.Step{Name: "train", Command: []string{"true"}}
			if tt.step != "" {
				step.Orchestrator = sdk.Config(`{"network":"` + tt.step + `"}`)
			}
			_, found, err := planned(t, tt.facts, stackConfig{Network: tt.stack}).Plan(t.Context(), sdk.Workflow{Steps: []sdk.Step{step}}, false)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range found {
				got = append(got, string(d.Path.Root)+"."+strings.Join(d.Path.Elems, "."))
				if d.Severity != sdk.SeverityError || d.Detail != "It has bridge, host, mine." {
					t.Errorf("%+v", d)
				}
			}
			if text := strings.Join(got, " "); text != tt.want {
				t.Errorf("found %q, want %q", text, tt.want)
			}
		})
	}
}
