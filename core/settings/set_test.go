package settings_test

import (
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/settings"
)

func TestFromSet(t *testing.T) {
	for name, c := range map[string]struct {
		args  []string
		flow  string
		steps string
	}{
		"nothing":            {},
		"a scalar":           {args: []string{"timeout=2h"}, flow: "{timeout: 2h}"},
		"a list":             {args: []string{"image.requirements=[httpx]"}, flow: "{image: {requirements: [httpx]}}"},
		"a map":              {args: []string{"image={user: a}"}, flow: "{image: {user: a}}"},
		"text as written":    {args: []string{"image.python_version=1.10"}, flow: "{image: {python_version: 1.10}}"},
		"an equals sign":     {args: []string{"image.environment.A=b=c"}, flow: "{image: {environment: {A: b=c}}}"},
		"null":               {args: []string{"timeout="}, flow: "{timeout: null}"},
		"empty text":         {args: []string{"timeout=''"}, flow: `{timeout: ""}`},
		"an empty map":       {args: []string{"image={}"}, flow: "{image: {}}"},
		"two of one map":     {args: []string{"image.user=a", "image.workdir=/b"}, flow: "{image: {user: a, workdir: /b}}"},
		"later wins":         {args: []string{"image.user=a", "image.user=b"}, flow: "{image: {user: b}}"},
		"later map":          {args: []string{"image.user=a", "image={user: b, apt: [c]}"}, flow: "{image: {user: b, apt: [c]}}"},
		"later replaces":     {args: []string{"image.user=a", "image=null"}, flow: "{image: null}"},
		"a step":             {args: []string{"steps.train.resources.accelerator=l4"}, steps: "train{resources: {accelerator: l4}}"},
		"both":               {args: []string{"steps.a.nodes=2", "nodes=1", "steps.b.nodes=3"}, flow: "{nodes: 1}", steps: "a{nodes: 2} b{nodes: 3}"},
		"a quoted key":       {args: []string{`image.environment."a.b=c"=1`}, flow: "{image: {environment: {a.b=c: 1}}}"},
		"a quote in quotes":  {args: []string{`a."x\"\\".'y"'=1`}, flow: `{a: {"x\"\\": {"y\"": 1}}}`},
		"a matrix step":      {args: []string{"steps.train[lr=0.1].nodes=2"}, steps: "train[lr=0.1]{nodes: 2}"},
		"a quoted matrix":    {args: []string{`steps."train[lr=0.1,d=a.b]".nodes=2`}, steps: "train[lr=0.1,d=a.b]{nodes: 2}"},
		"steps as a map":     {args: []string{"steps={a: {nodes: 2}}"}, steps: "a{nodes: 2}"},
		"steps as json":      {args: []string{`steps.a={"nodes": 2}`}, steps: "a{nodes: 2}"},
		"append":             {args: []string{"image.apt={append: [a]}"}, flow: "{image: {apt: {append: [a]}}}"},
		"a value with lines": {args: []string{"image.commands=[\"a\\nb\"]"}, flow: `{image: {commands: ["a\nb"]}}`},
	} {
		got, list := settings.FromSet(c.args)
		if len(list) > 0 {
			t.Errorf("%s: %s", name, shown(list))
		}
		flow := ""
		if got.Flow != nil {
			flow = got.Flow.PlainText()
		}
		var steps []string
		for n, v := range got.Steps {
			steps = append(steps, n+v.PlainText())
		}
		slices.Sort(steps)
		if diff := cmp.Diff([]string{c.flow, c.steps}, []string{flow, strings.Join(steps, " ")}); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	got, _ := settings.FromSet([]string{"a.b=1"})
	if o := got.Flow.Get("a").Get("b").Origin(); o != (settings.Origin{Layer: settings.CommandLine, File: "--set a.b=…"}) {
		t.Errorf("%+v", o)
	}
}

func TestFromSetRefuses(t *testing.T) {
	for arg, want := range map[string]string{
		"":               "STK0002 \"\" has no value | write --set PATH=VALUE, such as --set image.user=app",
		"image.user":     "STK0002 \"image.user\" has no value | write --set PATH=VALUE, such as --set image.user=app",
		"=x":             "STK0002 the path \"=x\" has an empty part",
		"a..b=x":         "STK0002 the path \"a..b=x\" has an empty part",
		"a.=x":           "STK0002 the path \"a.=x\" has an empty part",
		`a."b=x`:         "STK0002 the quote in \"\\\"b=x\" is not closed",
		`a."b"c=x`:       "STK0002 the path \"a.\\\"b\\\"c=x\" needs a dot before \"c=x\"",
		"a[0]=x":         "STK0002 \"a[0]\" sets an item of a list | set the whole list, or add to it with {append: [..]}",
		"a[=x":           "STK0002 the path \"a[=x\" has a [ that is not followed by the number of an item",
		"a=[":            "STK1001",
		"a={b: 1, b: 2}": "a=… STK1208 a: key \"b\" is written twice",
		"steps=3":        "STK1204 steps must be a map of steps, not 3",
		"steps.train=3":  "STK1204 steps.train must be a map of settings, not 3 | name the setting, such as steps.train.image.user",
		"steps.train=":   "STK1204 steps.train must be a map of settings, not null | name the setting, such as steps.train.image.user",
	} {
		got, list := settings.FromSet([]string{arg})
		if text := shown(list); want == "STK1001" && strings.HasPrefix(text, "--set a=… STK1001 a: ") {
			continue
		} else if diff := cmp.Diff("--set "+want, text); diff != "" {
			t.Errorf("%q: %s", arg, diff)
		}
		if got.Flow != nil || got.Steps != nil {
			t.Errorf("%q: %+v", arg, got)
		}
	}
}

func TestFromEnvironment(t *testing.T) {
	keys := []string{"image", "resources", "retry", "timeout"}
	for name, c := range map[string]struct {
		environ []string
		want    string
		list    string
	}{
		"nothing":      {environ: []string{"HOME=/x", "STACK_STACK=gpu", "STACK_VAR_image=1", "STACK_PARAM_retry=2", "STACK_STEP=a"}},
		"json":         {environ: []string{`STACK_IMAGE={"requirements":["httpx"]}`}, want: "{image: {requirements: [httpx]}}"},
		"a base image": {environ: []string{"STACK_IMAGE=python:3.12"}, want: "{image: {base_image: python:3.12}}"},
		"quoted":       {environ: []string{`STACK_IMAGE="python:3.12"`}, want: "{image: {base_image: python:3.12}}"},
		"a number":     {environ: []string{"STACK_IMAGE=3.12"}, list: "environment variable STACK_IMAGE STK1204 STACK_IMAGE must be an image reference or a map of image settings, not 3.12 | write {\"base_image\": \"python:3.12-slim\"}"},
		"a list":       {environ: []string{"STACK_IMAGE=[1]"}, list: "environment variable STACK_IMAGE STK1204 STACK_IMAGE must be an image reference or a map of image settings, not a list | write {\"base_image\": \"python:3.12-slim\"}"},
		"empty":        {environ: []string{"STACK_IMAGE=", "STACK_TIMEOUT="}},
		"null":         {environ: []string{"STACK_TIMEOUT=null"}, want: "{timeout: null}"},
		"scalars":      {environ: []string{"STACK_TIMEOUT=2h", "STACK_RETRY={max: 2}"}, want: "{retry: {max: 2}, timeout: 2h}"},
		"first of two": {environ: []string{"STACK_TIMEOUT=1h", "STACK_TIMEOUT=2h"}, want: "{timeout: 1h}"},
		"a slip":       {environ: []string{"STACK_RESOURCE={cpu: 1}"}, list: "environment variable STACK_RESOURCE warning STK3003 STACK_RESOURCE is no setting and has no effect | did you mean \"STACK_RESOURCES\"?"},
		"not YAML":     {environ: []string{"STACK_RETRY={a: 1, a: 2}"}, list: "environment variable STACK_RETRY STK1208 key \"a\" is written twice"},
	} {
		v, list := settings.FromEnvironment(c.environ, keys)
		got := ""
		if v != nil {
			got = v.PlainText()
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if diff := cmp.Diff(c.list, shown(list)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	v, _ := settings.FromEnvironment([]string{"STACK_IMAGE=python"}, keys)
	if o := v.Get("image").Get("base_image").Origin(); o != (settings.Origin{Layer: settings.Environment, File: "environment variable STACK_IMAGE"}) {
		t.Errorf("%+v", o)
	}
}

func FuzzFromSet(f *testing.F) {
	for _, s := range []string{"a=1", "a.b=[x]", `a."b.c"=x`, "steps.t[lr=0.1].a=1", "a[0]=1", "=", "steps={a: {}}", "a='"} {
		f.Add(s, "a.b=2")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		got, list := settings.FromSet([]string{a, b})
		for _, d := range list {
			if d.Range == nil || d.Range.Line != 0 || !strings.HasPrefix(d.Range.File, "--set") {
				t.Fatalf("%+v", d)
			}
		}
		for name, v := range got.Steps {
			if v.Kind != settings.Map {
				t.Fatalf("step %q is %s", name, v.PlainText())
			}
		}
		if got.Flow != nil && got.Flow.Get("steps") != nil {
			t.Fatal(got.Flow.PlainText())
		}
	})
}

func FuzzParsePyproject(f *testing.F) {
	for _, s := range []string{"[tool.stack]\na = 1", "tool.stack.a = [1, {b = 'c'}]", "[[tool.stack.a]]\n[tool.stack.a.b]\nc=1", "tool = {stack = {}}", "[tool]\nstack = 1", "x = \"\"\"\n\"\"\"", "a.b = 1\n[a.c]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, list := settings.ParsePyproject("p", []byte(text))
		for _, d := range list {
			if d.Range == nil || d.Range.Line < 1 || d.Range.Column < 1 {
				t.Fatalf("%+v", d)
			}
		}
		if v != nil && list.HasErrors() {
			t.Fatal("a value and an error")
		}
		paths := settings.Leaves(v)
		sort.Strings(paths)
		for i, p := range paths {
			if i > 0 && paths[i-1] == p {
				t.Fatalf("%s is there twice in %s", p, v.PlainText())
			}
		}
	})
}
