package flow_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/sdk"
)

// good parses and expands a flow that has to be without mistakes.
func good(t *testing.T, text string, params ...string) *flow.Graph {
	t.Helper()
	f, list := flow.Parse("flow.yaml", []byte(text))
	if len(list) > 0 {
		t.Fatalf("Parse: %v", list)
	}
	g, list := flow.Expand(f, params)
	if len(list) > 0 {
		t.Fatalf("Expand: %v", list)
	}
	return g
}

const head = "version: 1\nname: churn\n"

func TestTheFlowOfTheContract(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "churn.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	f, list := flow.Parse("flow.yaml", text)
	if len(list) > 0 {
		t.Fatal(list)
	}
	if f.Name != "churn" || f.Version != 1 || !f.FailFast || f.Timeout.String() != "2h0m0s" {
		t.Errorf("header: %+v", f)
	}
	if f.Settings.Get("timeout") != nil {
		t.Error("the run's timeout is also the bound of each attempt")
	}
	g, list := flow.Expand(f, []string{"epochs=5"})
	if len(list) > 0 {
		t.Fatal(list)
	}
	env := []sdk.EnvVar{{Name: "STACK_PARAM_epochs", Value: "5"}}
	type step struct {
		Name    string
		Needs   []string
		When    sdk.When
		Command []string
		Inputs  []sdk.Input
		Outputs []sdk.Output
		Env     []sdk.EnvVar
	}
	var got []step
	for _, n := range g.Steps {
		got = append(got, step{n.Name, n.Needs, n.When, n.Command, n.Inputs, n.Outputs, n.Environment})
	}
	want := []step{
		{"prepare", []string{}, sdk.WhenSuccess, []string{"/bin/sh", "-ec", `python -m churn.prepare --out "$STACK_OUTPUT_data"`},
			[]sdk.Input{}, []sdk.Output{{Name: "data", Type: sdk.OutputDirectory}}, env},
		{"train", []string{"prepare"}, sdk.WhenSuccess, []string{"python", "-m", "churn.train", "--epochs=5"},
			[]sdk.Input{{Name: "data", Sources: []sdk.Source{{Step: "prepare", Output: "data"}}}},
			[]sdk.Output{{Name: "model", Type: sdk.OutputDirectory}}, env},
		{"report", []string{"train"}, sdk.WhenAlways, []string{"/bin/sh", "-ec", "python -m churn.report"}, []sdk.Input{}, nil, env},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := g.Steps[1].Settings.Get("nodes").Text; got != "2" {
		t.Errorf("nodes: %s", got)
	}
}
