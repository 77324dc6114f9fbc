package orchestrator

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/driver"
)

// What stands in documents for that which only an attempt has.
const (
	anyRun     = "${run id}"
	anyAttempt = "${attempt}"
)

// document is the container of a step's attempts: what the engine is asked for,
// less what is left to its defaults.
func (d *Docker) document(w sdk.Workflow, step sdk.Step, own stepConfig) (sdk.Document, error) {
	a := driver.Attempt{RunID: anyRun, Flow: w.Flow, Labels: w.Labels, Step: step}
	s := attemptSpec(a, d.config, own)
	s.Config.Labels[labelAttempt] = anyAttempt
	const number = "STACK_ATTEMPT="
	for i, v := range s.Config.Env {
		if v == number+"0" {
			s.Config.Env[i] = number + anyAttempt
		}
	}
	content, err := shown(struct {
		Name string `json:"name"`
		spec
	}{containerName(anyRun, step.Name, anyAttempt), s})
	if err != nil {
		return sdk.Document{}, fmt.Errorf("describe step %s: %w", step.Name, err)
	}
	return sdk.Document{Name: step.Name, MediaType: "application/json", Content: content}, nil
}

// shown is value as JSON for people: with the fields that are set, and with
// "<", ">" and "&" as they are.
func shown(value any) ([]byte, error) {
	all, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(all))
	decoder.UseNumber() // sizes are more than a float holds
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(setOnly(tree)); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// setOnly is tree without fields of Docker's zero values. Fields that hold the
// user's own words are kept as they are.
func setOnly(tree any) any {
	switch node := tree.(type) {
	case map[string]any:
		for key, value := range node {
			switch key {
			case "Env", "Labels", "Cmd", "Entrypoint":
				if value == nil {
					delete(node, key)
				}
				continue
			}
			if value = setOnly(value); isZero(value) {
				delete(node, key)
			}
		}
	case []any:
		for i := range node {
			node[i] = setOnly(node[i])
		}
	}
	return tree
}

func isZero(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case json.Number:
		return v == "0"
	case []any:
		// Such as ConsoleSize, which is [0, 0].
		for _, item := range v {
			if !isZero(item) {
				return false
			}
		}
		return true
	case map[string]any:
		return len(v) == 0
	}
	return false
}
