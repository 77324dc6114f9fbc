package stackfile_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/core/stackfile"
	"github.com/stackrun/stack/sdk"
)

// clusterBlock is a schema with everything that a schema can say.
func clusterBlock() sdk.Block {
	return sdk.Block{
		Attributes: []sdk.Attribute{
			{Name: "project", Type: "string", Required: true, Doc: "Where it runs."},
			{Name: "region", Type: "string", Allowed: []string{"eu-west1", "us-east1"}, Default: json.RawMessage(`"eu-west1"`)},
			{Name: "replicas", Type: "number", Default: json.RawMessage(`1`)},
			{Name: "debug", Type: "bool"},
			{Name: "zones", Type: "list(string)", Allowed: []string{"a", "b"}},
			{Name: "labels", Type: "map(string)"},
			{Name: "sizes", Type: "set(number)"},
			{Name: "pair", Type: "tuple([string, number])"},
			{Name: "disk", Type: "object({ size = number, kind = optional(string, \"ssd\"), note = optional(string) })"},
			{Name: "extra", Type: "any"},
			{Name: "token", Type: "string", Sensitive: true, Allowed: []string{"t"}},
			{Name: "machine", Type: "string", Deprecated: `Use "machine_type".`},
			{Name: "broken", Type: "lst(string)"},
		},
		Blocks: []sdk.NestedBlock{
			{Name: "toleration", Many: true, Block: sdk.Block{Attributes: []sdk.Attribute{
				{Name: "key", Type: "string", Required: true}, {Name: "effect", Type: "string", Default: json.RawMessage(`"NoSchedule"`)}}}},
			{Name: "node", Block: sdk.Block{
				Attributes: []sdk.Attribute{{Name: "pool", Type: "string", Required: true}},
				Blocks:     []sdk.NestedBlock{{Name: "deep", Block: sdk.Block{Attributes: []sdk.Attribute{{Name: "x", Type: "number"}}}}}}},
		},
	}
}

// component is the orchestrator of a file's only stack.
func component(t *testing.T, text string) (*stackfile.Stack, *stackfile.Component) {
	t.Helper()
	f, list := stackfile.Parse("stacks.hcl", t.TempDir(), []byte(text), nil, nil)
	if list.HasErrors() {
		t.Fatal(list)
	}
	name, list := f.DefaultStack()
	if list.HasErrors() {
		t.Fatal(list)
	}
	s, list := f.Stack(name)
	if list.HasErrors() {
		t.Fatal(list)
	}
	return s, s.Orchestrator
}

func TestCheckComponent(t *testing.T) {
	for _, tc := range []struct {
		name, in, json, problems string
	}{
		{"defaults are filled in", `project = "p"`,
			`{"project":"p","region":"eu-west1","replicas":1}`, ""},
		{"required", ``, ``,
			"error STK1205 stacks.hcl:2:3 «orchestrator \"cluster\"»: orchestrator \"cluster\" needs \"project\"\n  because Where it runs.\n"},
		{"null is not written", `project = null`, ``,
			"error STK1205 stacks.hcl:2:3 «orchestrator \"cluster\"»: orchestrator \"cluster\" needs \"project\"\n  because Where it runs.\n"},
		{"unknown", "project = \"p\"\n    regoin = \"eu-west1\"\n    qqqqqqq = 1", ``,
			"error STK1203 stacks.hcl:4:5 «regoin»: unknown field \"regoin\"\n  try     did you mean \"region\"?\n" +
				"error STK1203 stacks.hcl:5:5 «qqqqqqq»: unknown field \"qqqqqqq\"\n  because Known here: project, region, replicas, debug, zones, labels, sizes, pair, disk, extra, token, machine, broken, toleration, node, requirements, apt_packages.\n"},
		{"allowed", "project = \"p\"\n    region = \"eu-west2\"\n    zones = [\"a\", \"c\"]\n    token = \"hunter2\"", ``,
			"error STK1206 stacks.hcl:4:14 «\"eu-west2\"»: region cannot be \"eu-west2\"\n  because Allowed: eu-west1, us-east1.\n  try     did you mean \"eu-west1\"?\n" +
				"error STK1206 stacks.hcl:5:19 «\"c\"»: zones cannot be \"c\"\n  because Allowed: a, b.\n" +
				"error STK1206 stacks.hcl:6:13 «\"hunter2\"»: token has a value that is not allowed\n  because Allowed: t.\n"},
		{"scalars convert as everywhere in HCL", "project = 1.10\n    replicas = \"3\"\n    debug = \"true\"\n    labels = { a = 1.10, b = true, c = null }",
			`{"debug":true,"labels":{"a":"1.10","b":"true"},"project":"1.10","region":"eu-west1","replicas":3}`, ""},
		{"lists, sets, tuples and objects", "project = \"p\"\n    zones = [\"b\"]\n    sizes = [1.50, 2]\n    pair = [\"x\", 1e3]\n    disk = { size = 10 }",
			`{"disk":{"kind":"ssd","size":10},"pair":["x",1e3],"project":"p","region":"eu-west1","replicas":1,"sizes":[1.50,2],"zones":["b"]}`, ""},
		{"any keeps its form", "project = \"p\"\n    extra = { a = [1.10, \"1\", true, null], b = {} }",
			`{"extra":{"a":[1.10,"1",true,null],"b":{}},"project":"p","region":"eu-west1","replicas":1}`, ""},
		{"wrong types", "project = [\"p\"]\n    replicas = \"many\"\n    debug = 1\n    zones = \"a\"\n    labels = [1]\n    sizes = [1, \"x\", null]\n    pair = [\"x\"]\n    disk = { size = {}, kid = 1 }", ``,
			"error STK1204 stacks.hcl:3:15 «[\"p\"]»: project must be of type string\n  because Write a string here.\n" +
				"error STK1204 stacks.hcl:4:16 «\"many\"»: replicas must be of type number\n  because Write a number here.\n" +
				"error STK1204 stacks.hcl:5:13 «1»: debug must be of type bool\n  because Write true or false here.\n" +
				"error STK1204 stacks.hcl:6:13 «\"a\"»: zones must be of type list(string)\n  because Write a list here.\n" +
				"error STK1204 stacks.hcl:7:14 «[1]»: labels must be of type map(string)\n  because Write a map here.\n" +
				"error STK1204 stacks.hcl:8:17 «\"x\"»: sizes must be of type set(number)\n  because Write a number here.\n" +
				"error STK1204 stacks.hcl:8:22 «null»: sizes cannot hold null\n" +
				"error STK1204 stacks.hcl:9:12 «[\"x\"]»: pair must be of type tuple([string, number])\n  because Write a list of 2 here.\n" +
				"error STK1203 stacks.hcl:10:25 «kid»: unknown field \"kid\"\n  try     did you mean \"kind\"?\n" +
				"error STK1204 stacks.hcl:10:21 «{}»: disk must be of type object({ size = number, kind = optional(string, \"ssd\"), note = optional(string) })\n  because Write a number here.\n"},
		{"an object lacks a key", "project = \"p\"\n    disk = { kind = \"hdd\" }", ``,
			"error STK1205 stacks.hcl:4:12 «{ kind = \"hdd\" }»: disk needs \"size\"\n"},
		{"deprecated", "project = \"p\"\n    machine = \"m\"",
			`{"machine":"m","project":"p","region":"eu-west1","replicas":1}`,
			"warning STK1210 stacks.hcl:4:5 «machine»: \"machine\" is deprecated\n  because Use \"machine_type\".\n"},
		{"a schema that is wrong", "project = \"p\"\n    broken = []", ``,
			"error STK8004 stacks.hcl:4:5 «broken»: the schema of orchestrator \"cluster\" gives \"broken\" a type that does not exist: lst(string)\n  because Invalid type specification.\n"},
		{"blocks", "project = \"p\"\n    toleration { key = \"a\" }\n    node {\n      pool = \"n\"\n      deep { x = 1 }\n    }",
			`{"node":{"deep":{"x":1},"pool":"n"},"project":"p","region":"eu-west1","replicas":1,"toleration":[{"effect":"NoSchedule","key":"a"}]}`, ""},
		{"several blocks", "project = \"p\"\n    toleration { key = \"a\" }\n    toleration { effect = \"x\" }", ``,
			"error STK1205 stacks.hcl:5:5 «toleration»: toleration needs \"key\"\n"},
		{"a list in place of blocks", "project = \"p\"\n    toleration = [{ key = \"a\" }, { key = \"b\" }]\n    node = { pool = \"x\" }",
			`{"node":{"pool":"x"},"project":"p","region":"eu-west1","replicas":1,"toleration":[{"effect":"NoSchedule","key":"a"},{"effect":"NoSchedule","key":"b"}]}`, ""},
		{"one block only", "project = \"p\"\n    node { pool = \"a\" }\n    node { pool = \"b\" }", ``,
			"error STK1208 stacks.hcl:5:5 «node»: node can be written once only\n  because It is first at stacks.hcl:4:5.\n"},
		{"not a block", "project = \"p\"\n    node = 5\n    toleration = [\"x\"]", ``,
			"error STK1204 stacks.hcl:4:12 «5»: node must be a map\nerror STK1204 stacks.hcl:5:19 «\"x\"»: toleration must be a map\n"},
		{"a list of one, or none, is not a block either", "project = \"p\"\n    node = []\n    toleration = []", ``,
			"error STK1204 stacks.hcl:4:12 «[]»: node must be a map\n"},
		{"inside of blocks", "project = \"p\"\n    node {\n      pol = \"n\"\n    }", ``,
			"error STK1203 stacks.hcl:5:7 «pol»: unknown field \"pol\"\n  try     did you mean \"pool\"?\n" +
				"error STK1205 stacks.hcl:4:5 «node»: node needs \"pool\"\n"},
		{"packages are the host's", "project = \"p\"\n    requirements = [\"x\"]\n    apt_packages = [\"y\"]",
			`{"project":"p","region":"eu-west1","replicas":1}`, ""},
		{"odd text arrives unchanged", `project = "a\"b'c\\d$${x}%%{y}\n\té日本<&>"`,
			`{"project":"a\"b'c\\d${x}%{y}\n\té日本\u003c\u0026\u003e","region":"eu-west1","replicas":1}`, ""},
		{"huge numbers keep their digits", "project = 123456789012345678901234567890\n    replicas = 123456789012345678901234567890.5",
			`{"project":"123456789012345678901234567890","region":"eu-west1","replicas":123456789012345678901234567890.5}`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := "stack \"s\" {\n  orchestrator \"cluster\" {\n    " + tc.in + "\n  }\n}\n"
			_, c := component(t, text)
			got, list := stackfile.CheckComponent(c, clusterBlock())
			if diff := cmp.Diff(tc.problems, showList(map[string]string{"stacks.hcl": text}, list)); diff != "" {
				t.Errorf("diagnostics: %s", diff)
			}
			if diff := cmp.Diff(tc.json, string(got)); diff != "" {
				t.Errorf("JSON: %s", diff)
			}
		})
	}
}

func TestBlocksOfManyReplaceInheritedOnes(t *testing.T) {
	_, c := component(t, `
stack "_base" {
  abstract = true
  orchestrator "cluster" {
    project = "p"
    toleration {
      key    = "gpu"
      effect = "NoExecute"
    }
    node { pool = "base" }
  }
}
stack "s" {
  inherits = ["_base"]
  orchestrator "cluster" {
    toleration { key = "spot" }
    node {
      deep { x = 1 }
    }
  }
}
`)
	got, list := stackfile.CheckComponent(c, clusterBlock())
	if len(list) > 0 {
		t.Fatal(list)
	}
	want := `{"node":{"deep":{"x":1},"pool":"base"},"project":"p","region":"eu-west1","replicas":1,"toleration":[{"effect":"NoSchedule","key":"spot"}]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestCheckSettings(t *testing.T) {
	at := func(line, column int) diag.Range { return diag.Range{File: "flow.yaml", Line: line, Column: column} }
	scalar := func(text string, typ settings.ScalarType, line, column int) *settings.Value {
		return &settings.Value{Kind: settings.Scalar, Text: text, Type: typ, Layer: settings.Step, Range: at(line, column)}
	}
	block := sdk.Block{Attributes: []sdk.Attribute{
		{Name: "max_pods", Type: "number", Default: json.RawMessage("2")},
		{Name: "version", Type: "string"},
		{Name: "queue", Type: "string", Required: true},
	}}
	written := func(entries ...settings.Entry) *settings.Value {
		return &settings.Value{Kind: settings.Map, Layer: settings.Step, Range: at(4, 1), Entries: entries}
	}
	for _, tc := range []struct {
		name           string
		in             *settings.Value
		json, problems string
	}{
		{"nothing is written", nil, "", "orchestrator needs \"queue\""},
		{"a map", written(
			settings.Entry{Key: "max_pods", Range: at(5, 3), Value: scalar("0x10", settings.Int, 5, 9)},
			settings.Entry{Key: "version", Range: at(6, 3), Value: scalar("1.10", settings.Float, 6, 9)},
			settings.Entry{Key: "queue", Range: at(7, 3), Value: scalar("q", settings.String, 7, 9)},
		), `{"max_pods":16,"queue":"q","version":"1.10"}`, ""},
		{"null takes the default", written(
			settings.Entry{Key: "max_pods", Range: at(5, 3), Value: &settings.Value{Kind: settings.Null, Range: at(5, 9)}},
			settings.Entry{Key: "queue", Range: at(7, 3), Value: scalar("q", settings.String, 7, 9)},
		), `{"max_pods":2,"queue":"q"}`, ""},
		{"places are those of the flow", written(
			settings.Entry{Key: "max_pod", Range: at(5, 3), Value: scalar("x", settings.String, 5, 9)},
		), "", "flow.yaml:5:3: unknown field \"max_pod\"\nflow.yaml:4:1: orchestrator needs \"queue\""},
		{"not a map", scalar("x", settings.String, 9, 9), "", "flow.yaml:9:9: orchestrator must be a map"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, list := stackfile.CheckSettings(tc.in, block)
			if diff := cmp.Diff(tc.problems, list.Error()); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.json, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRangeOf(t *testing.T) {
	_, c := component(t, `stack "s" {
  orchestrator "x" {
    a = {
      b = [1, { c = "d" }]
    }
    toleration { key = "gpu" }
  }
}`)
	for _, tc := range []struct {
		path []string
		want string
	}{
		{nil, "stacks.hcl:2:3"},
		{[]string{"gone", "b"}, "stacks.hcl:2:3"},
		{[]string{"a"}, "stacks.hcl:3:9"},
		{[]string{"a", "b", "0"}, "stacks.hcl:4:12"},
		{[]string{"a", "b", "1", "c"}, "stacks.hcl:4:21"},
		{[]string{"a", "b", "1", "c", "deeper"}, "stacks.hcl:4:21"},
		{[]string{"a", "b", "2"}, "stacks.hcl:4:11"},
		{[]string{"a", "b", "-1"}, "stacks.hcl:4:11"},
		{[]string{"toleration", "key"}, "stacks.hcl:6:24"},
	} {
		if got := stackfile.RangeOf(c, tc.path).String(); got != tc.want {
			t.Errorf("RangeOf(%q) = %s, want %s", tc.path, got, tc.want)
		}
	}
}

func TestSensitiveValuesAreNotShown(t *testing.T) {
	f, list := stackfile.Parse("stacks.hcl", t.TempDir(), []byte(`
variable "token" { sensitive = true }
stack "s" {
  orchestrator "x" {
    region = var.token
    plain  = 1.10
  }
}
`), []string{"token=hunter2"}, nil)
	if list.HasErrors() {
		t.Fatal(list)
	}
	s, list := f.Stack("s")
	if list.HasErrors() {
		t.Fatal(list)
	}
	want := map[string]any{"region": stackfile.Hidden, "plain": json.Number("1.10")}
	if diff := cmp.Diff(want, s.Shown(s.Orchestrator)); diff != "" {
		t.Error(diff)
	}
	// What is handed to the plugin is the value itself.
	schema := sdk.Block{Attributes: []sdk.Attribute{{Name: "region", Type: "string"}, {Name: "plain", Type: "number", Sensitive: true}}}
	got, list := stackfile.CheckComponent(s.Orchestrator, schema)
	if list.HasErrors() || string(got) != `{"plain":1.10,"region":"hunter2"}` {
		t.Errorf("got %s, %v", got, list)
	}
	redacted := s.Redact(s.Orchestrator.Config, &schema)
	if v := redacted.Get("plain"); v == nil || v.Text != stackfile.Hidden {
		t.Errorf("an attribute that the schema calls sensitive is shown: %+v", v)
	}
	schema.Attributes[0].Allowed = []string{"eu"}
	_, list = stackfile.CheckComponent(s.Orchestrator, schema)
	if got, want := list.Error(), "stacks.hcl:5:14: region has a value that is not allowed"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
