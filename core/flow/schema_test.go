package flow_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/flow"
)

func TestSchema(t *testing.T) {
	first, err := json.Marshal(flow.Schema())
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		again, err := json.Marshal(flow.Schema())
		if err != nil {
			t.Fatal(err)
		}
		if string(again) != string(first) {
			t.Fatal("the schema is not always the same text")
		}
	}
	var schema struct {
		Properties           map[string]any
		Required             []string
		AdditionalProperties bool
		Defs                 map[string]struct{ Properties map[string]any } `json:"$defs"`
	}
	if err := json.Unmarshal(first, &schema); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"version", "name", "steps"}, schema.Required); diff != "" {
		t.Error(diff)
	}
	for _, key := range append(flow.SettingsKeys(), "version", "name", "params", "fail", "steps") {
		if schema.Properties[key] == nil {
			t.Errorf("a flow's %s is not in the schema", key)
		}
	}
	for _, key := range append(flow.SettingsKeys(), "run", "command", "needs", "inputs", "outputs", "when", "matrix", "max_parallel") {
		if schema.Defs["flow.stepFile"].Properties[key] == nil {
			t.Errorf("a step's %s is not in the schema", key)
		}
	}
}

func TestSettingsKeysAreThoseOfSettings(t *testing.T) {
	var want []string
	for i := range reflect.TypeFor[flow.Settings]().NumField() {
		name, _, _ := strings.Cut(reflect.TypeFor[flow.Settings]().Field(i).Tag.Get("json"), ",")
		want = append(want, name)
	}
	if diff := cmp.Diff(want, flow.SettingsKeys()); diff != "" {
		t.Error(diff)
	}
}
