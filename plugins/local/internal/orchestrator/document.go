package orchestrator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/driver"
)

// What stands in documents for that which only an attempt has.
const (
	anyRun     = "${run id}"
	anyAttempt = "${attempt}"
)

// document is the process of a step's attempts. Its environment comes on top of
// the caller's, which is not told: it may hold secrets.
func (l *Local) document(w sdk.Workflow, step sdk.Step) (sdk.Document, error) {
	a := driver.Attempt{RunID: anyRun, Flow: w.Flow, Step: step}
	paths := l.paths(step)
	env := []string{}
	for _, v := range a.Environment(paths) {
		if v.Name == "STACK_ATTEMPT" {
			v.Value = anyAttempt
		}
		env = append(env, v.Name+"="+v.Value)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // for people, who write > and &&
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(map[string]any{"argv": a.Command(paths), "dir": workdir(step, w.SourceRoot), "environment": env}); err != nil {
		return sdk.Document{}, fmt.Errorf("describe step %s: %w", step.Name, err)
	}
	return sdk.Document{Name: step.Name, MediaType: "application/json", Content: bytes.TrimSuffix(out.Bytes(), []byte("\n"))}, nil
}

// paths is where attempts of a step will find their inputs and outputs: the
// driver keeps outputs by run and step, and inputPaths says what is an input.
func (l *Local) paths(step sdk.Step) driver.Paths {
	output := func(step, name string) string {
		return filepath.Join(l.store, "runs", anyRun, driver.SafeName(step), name)
	}
	inputs := map[string]string{}
	for _, in := range step.Inputs {
		inputs[in.Name] = filepath.Join(l.state, anyRun, "work", driver.SafeName(step.Name)+"."+anyAttempt, "inputs", in.Name)
		if !in.Many && len(in.Sources) > 0 {
			inputs[in.Name] = output(in.Sources[0].Step, in.Sources[0].Output)
		}
	}
	return driver.Paths{
		Input:  func(name string) string { return inputs[name] },
		Output: func(name string) string { return output(step.Name, name) },
	}
}
