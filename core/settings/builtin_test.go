package settings_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/settings"
)

func TestBuiltin(t *testing.T) {
	type inner struct {
		Max  int     `json:"max" default:"2"`
		None string  `json:"none"`
		Rate float64 `json:"rate" default:"0.5"`
	}
	type outer struct {
		Name  string `json:"name" default:"1.10"`
		On    *bool  `json:"on" default:"true"`
		Inner inner  `json:"inner"`
		Empty struct {
			A string `json:"a"`
		} `json:"empty"`
		Again *outer `json:"again"`
	}
	got := settings.Builtin(reflect.TypeFor[outer]())
	want := `{"inner":{"max":2,"rate":0.5},"name":"1.10","on":true}`
	text, err := json.Marshal(got.Plain())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	v, err := settings.Lookup(got, "inner.max")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(settings.Origin{Layer: settings.Default}, v.Origin()); diff != "" {
		t.Errorf("origin (-want +got):\n%s", diff)
	}
}
