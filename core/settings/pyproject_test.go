package settings_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/settings"
)

func TestParsePyproject(t *testing.T) {
	text := `[project]
name = "x"

[tool.stack]
timeout = "2h" # ö
nodes = 1_0

[tool.stack.image]
requirements = ["httpx",
  'torch']
"user" = "é"
environment = {A = "1", "b.c" = 1.10, d.e = true}
copy = []

[[tool.stack.orchestrator.volumes]]
name = "a"
[[tool.stack.orchestrator.volumes]]
name = "b"
[tool.stack.orchestrator.volumes.deep]
when = 2026-01-02
`
	v, list := settings.ParsePyproject("pyproject.toml", []byte(text))
	if len(list) > 0 {
		t.Fatal(list)
	}
	want := `{timeout: 2h, nodes: 10, image: {requirements: [httpx, torch], user: é, environment: {A: "1", b.c: 1.10, d: {e: true}}, copy: []}, orchestrator: {volumes: [{name: a}, {name: b, deep: {when: 2026-01-02}}]}}`
	if diff := cmp.Diff(want, v.PlainText()); diff != "" {
		t.Error(diff)
	}
	places := map[string]string{
		"":                             "4:7",
		"timeout":                      "5:11",
		"image":                        "8:13",
		"image.requirements":           "9:16",
		"image.requirements[0]":        "9:17",
		"image.requirements[1]":        "10:3",
		"image.user":                   "11:10",
		"image.environment":            "12:15",
		"image.environment.A":          "12:20",
		`image.environment."b.c"`:      "12:33",
		"image.environment.d.e":        "12:45",
		"image.copy":                   "13:8",
		"orchestrator.volumes[1].name": "18:8",
	}
	for path, at := range places {
		found, err := settings.Lookup(v, path)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := found.Range.String(); got != "pyproject.toml:"+at {
			t.Errorf("%s is at %s, want %s", path, got, at)
		}
		if found.Layer != settings.Pyproject {
			t.Errorf("%s is of layer %s", path, found.Layer)
		}
	}
}

func TestParsePyprojectWithoutTable(t *testing.T) {
	for _, text := range []string{"", "[project]\nname='x'\n", "[tool.other]\nstack=1\n"} {
		if v, list := settings.ParsePyproject("p", []byte(text)); v != nil || list != nil {
			t.Errorf("%q: %v %v", text, v, list)
		}
	}
}

func TestParsePyprojectRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"[tool]\nstack = 1":                        "p:2:9 STK1204 tool.stack must be a table, not 1",
		"[[tool.stack]]\na = 1":                    "p:1:8 STK1204 tool.stack must be a table, not a list",
		"\"é\" = 'é' x":                            "p:1:11 STK1001",
		"[tool.stack]\na = 1\na = 2":               "p:3:1 STK1001",
		"[tool.stack]\n[tool.stack]":               "p:2:",
		"[tool.stack]\na = \xff":                   "p:2:5 STK1001 the text is not UTF-8",
		"[tool.stack]\na = 99999999999999999999\n": "p:2:5 STK1001",
	} {
		v, list := settings.ParsePyproject("p", []byte(text))
		if v != nil || len(list) != 1 || !strings.HasPrefix(shown(list), want) {
			t.Errorf("%q: %v %s, want %s", text, v, shown(list), want)
		}
	}
}

// TestParseTOML: the whole document, with places.
func TestParseTOML(t *testing.T) {
	root, list := settings.ParseTOML("a.toml", []byte("[tool.other]\nname = \"x\"\nlist = [1, 2]\n"))
	if list.HasErrors() {
		t.Fatal(list)
	}
	name := root.Get("tool").Get("other").Get("name")
	if name == nil || name.Text != "x" || name.Range.Line != 2 {
		t.Errorf("name is %+v", name)
	}
	if root, list := settings.ParseTOML("a.toml", []byte("a = \n")); root != nil || !list.HasErrors() {
		t.Errorf("read %+v of what is not TOML", root)
	}
}
