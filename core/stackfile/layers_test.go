package stackfile_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/settings"
)

// Defaults are handed to settings.Merge as they are, below the layers of a
// flow, and what comes out knows its place in stacks.hcl.
func TestDefaultsMergeWithTheLayersAbove(t *testing.T) {
	s, _ := component(t, `
variable "token" {
  default   = "hunter2"
  sensitive = true
}
stack "_base" {
  abstract = true
  defaults {
    image {
      requirements = ["a"]
      environment  = { A = "1", B = 1.10, GONE = "x" }
    }
    resources { cpu = 2 }
  }
}
stack "s" {
  inherits = ["_base"]
  orchestrator "x" {}
  defaults {
    image {
      requirements = { append = ["b"] }
      environment  = { A = "2", GONE = null, T = var.token }
    }
  }
}
`)
	type image struct {
		Requirements []string          `json:"requirements"`
		Environment  map[string]string `json:"environment"`
	}
	type defaults struct {
		Image     image          `json:"image"`
		Resources map[string]int `json:"resources"`
	}
	merged, list := settings.Merge(reflect.TypeFor[defaults](), s.Defaults...)
	if list.HasErrors() {
		t.Fatal(list)
	}
	got, err := json.Marshal(s.Redact(merged, nil).Plain())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"image":{"environment":{"A":"2","B":1.10,"T":"(sensitive)"},"requirements":["a","b"]},"resources":{"cpu":2}}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	a := merged.Get("image").Get("environment").Get("A")
	wantOrigin := settings.Origin{Layer: settings.Stack, File: "stacks.hcl", Line: 22, Column: 28}
	if diff := cmp.Diff(wantOrigin, a.Origin()); diff != "" {
		t.Error(diff)
	}
	if len(a.Overrode) != 1 || a.Overrode[0].Range.Line != 11 {
		t.Errorf("A overrode %+v", a.Overrode)
	}
}
