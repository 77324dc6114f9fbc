package stackfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/stackfile"
	"github.com/stackrun/stack/sdk"
)

// tree writes files into a new folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestDiscover(t *testing.T) {
	dir := tree(t, map[string]string{
		"stacks.hcl":              "",
		"flows/churn/flow.yaml":   "",
		"own/stacks.hcl":          "",
		"own/deep/flow.yaml":      "",
		"folder/stacks.hcl/x.txt": "",
	})
	for _, tc := range []struct{ from, want string }{
		{".", "stacks.hcl"},
		{"flows/churn", "stacks.hcl"},
		{"own/deep", "own/stacks.hcl"},
		{"folder", "stacks.hcl"}, // a folder of that name is none
		{"not/there", "stacks.hcl"},
	} {
		got, err := stackfile.Discover(filepath.Join(dir, tc.from))
		if err != nil {
			t.Fatal(err)
		}
		if want := filepath.Join(dir, tc.want); got != want {
			t.Errorf("from %s: got %s, want %s", tc.from, got, want)
		}
	}
}

func TestPlacesNameTheFileAsTheUserWould(t *testing.T) {
	text := "stack \"s\" { orchestrator \"x\" {} }\n"
	dir := tree(t, map[string]string{"stacks.hcl": text, "sub/stacks.hcl": text, "flows/a/flow.yaml": ""})
	for _, tc := range []struct {
		name string
		o    stackfile.Options
		want string
	}{
		{"below the working directory", stackfile.Options{WorkDir: dir, From: "flows/a"}, "stacks.hcl"},
		{"named", stackfile.Options{WorkDir: dir, Path: "./sub/../sub/stacks.hcl"}, "sub/stacks.hcl"},
		{"absolute", stackfile.Options{WorkDir: dir, Path: filepath.Join(dir, "sub", "stacks.hcl")}, "sub/stacks.hcl"},
		{"above, named", stackfile.Options{WorkDir: filepath.Join(dir, "sub"), Path: "../stacks.hcl"}, "../stacks.hcl"},
		{"above, found", stackfile.Options{WorkDir: filepath.Join(dir, "flows")}, filepath.Join(dir, "stacks.hcl")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, list := stackfile.Load(tc.o)
			if list.HasErrors() {
				t.Fatal(list)
			}
			s, list := f.Stack("s")
			if list.HasErrors() {
				t.Fatal(list)
			}
			if f.Path != tc.want || s.Range.File != tc.want || s.Orchestrator.Config.Range.File != tc.want {
				t.Errorf("got %q, %q, %q, want %q", f.Path, s.Range.File, s.Orchestrator.Config.Range.File, tc.want)
			}
		})
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	dir := tree(t, map[string]string{"folder/x": "", "bad/stacks.hcl": "", "bad/a.stackvars.hcl": ""})
	if err := os.Remove(filepath.Join(dir, "bad/a.stackvars.hcl")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "bad/a.stackvars.hcl")); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		path string
		code diag.Code
		want string
	}{
		{"gone.hcl", diag.FileNotFound, "gone.hcl does not exist"},
		{"folder", diag.FileUnreadable, "folder is a folder"},
		{"bad/stacks.hcl", diag.FileNotFound, "bad/a.stackvars.hcl does not exist"},
	} {
		_, list := stackfile.Load(stackfile.Options{WorkDir: dir, Path: tc.path})
		if len(list) != 1 || list[0].Code != tc.code || list[0].Summary != tc.want {
			t.Errorf("%s: got %v", tc.path, list)
		}
	}
}

func TestWithoutAFile(t *testing.T) {
	dir := t.TempDir()
	if path, err := stackfile.Discover(dir); err != nil || path != "" {
		t.Skipf("there is a %s above the temporary folder: %s, %v", stackfile.FileName, path, err)
	}
	f, list := stackfile.Load(stackfile.Options{WorkDir: dir, Vars: []string{"a=b"}})
	if got, want := list.Error(), `--var a: unknown variable "a"`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if f.Path != "" {
		t.Errorf("a path: %q", f.Path)
	}
	f = stackfile.Builtin()
	name, list := f.DefaultStack()
	if name != "local" || len(list) > 0 {
		t.Errorf("default %q, %v", name, list)
	}
	if list := f.Check(); len(list) > 0 {
		t.Error(list)
	}
	s, list := f.Stack("docker")
	if len(list) > 0 {
		t.Fatal(list)
	}
	if s.Orchestrator.Type != "docker" || s.ImageBuilder.Type != "docker" || s.Registry != nil || s.Secrets.Type != "env" {
		t.Errorf("got %+v", s)
	}
	if got, want := s.Orchestrator.Range, (diag.Range{File: "built-in stacks"}); got != want {
		t.Errorf("range %+v", got)
	}
}

func TestListStacks(t *testing.T) {
	f, list := stackfile.Parse("stacks.hcl", "/x", []byte(`
variable "never_given" {}
stack "_base" {
  abstract = true
  orchestrator "vertex" { project = var.never_given }
}
stack "local" {
  description = "mine"
  orchestrator "local" {}
}
stack "gpu" {
  inherits = ["_base"]
  container_registry { uri = var.never_given }
}
default_stack = "gpu"
`), nil, nil)
	if list.HasErrors() {
		t.Fatal(list)
	}
	stacks, list := f.ListStacks()
	if len(list) > 0 {
		t.Error(list)
	}
	var got []string
	for _, s := range stacks {
		line := s.Name + " " + s.Range.String() + " " + strings.Join(s.Inherits, ",") + " " + s.Description
		for _, c := range s.Components {
			line += " | " + c.String()
		}
		for word, is := range map[string]bool{"abstract": s.Abstract, "default": s.Default, "builtin": s.Builtin} {
			if is {
				line += " " + word
			}
		}
		got = append(got, line)
	}
	want := []string{
		`_base stacks.hcl:3:1   | orchestrator "vertex" abstract`,
		`local stacks.hcl:7:1  mine | orchestrator "local"`,
		`gpu stacks.hcl:11:1 _base  | orchestrator "vertex" | container_registry default`,
		`docker built-in stacks  steps are containers on the local Docker Engine, which keeps the images | orchestrator "docker" | image_builder "docker" builtin`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	broken, _ := stackfile.Parse("stacks.hcl", "/x", []byte(`default_stack = "gone"`), nil, nil)
	stacks, list = broken.ListStacks()
	if len(stacks) != 2 || len(list) != 1 || list.HasErrors() {
		t.Errorf("a wrong default is a warning: %v, %v", stacks, list)
	}
}

func TestBuilder(t *testing.T) {
	own := sdk.Block{Attributes: []sdk.Attribute{{Name: "host", Type: "string"}, {Name: "jobs", Type: "number", Default: []byte("4")}}}
	for _, tc := range []struct {
		name, in string
		want     stackfile.BuilderConfig
		problems string
	}{
		{"no block", `orchestrator "x" {}`, stackfile.BuilderConfig{Config: []byte(`{"jobs":4}`)}, ""},
		{"all", "image_builder \"docker\" {\n host = \"h\"\n ca_bundle = \"certs/ca.pem\"\n proxy = \"http://p:3128\"\n}",
			stackfile.BuilderConfig{CABundle: "/repo/certs/ca.pem", Proxy: map[string]string{"HTTP_PROXY": "http://p:3128", "HTTPS_PROXY": "http://p:3128"}, Config: []byte(`{"host":"h","jobs":4}`)}, ""},
		{"proxy map", "image_builder \"docker\" {\n ca_bundle = \"/etc/ca.pem\"\n proxy = { http = \"http://p\", NO_PROXY = \"localhost\" }\n}",
			stackfile.BuilderConfig{CABundle: "/etc/ca.pem", Proxy: map[string]string{"HTTP_PROXY": "http://p", "NO_PROXY": "localhost"}, Config: []byte(`{"jobs":4}`)}, ""},
		{"wrong", "image_builder \"docker\" {\n hots = \"h\"\n proxy = { ftp = \"x\", http = [] }\n}", stackfile.BuilderConfig{Proxy: map[string]string{}},
			"stacks.hcl:4:2: unknown field \"hots\"\nstacks.hcl:5:12: unknown field \"ftp\"\nstacks.hcl:5:30: proxy http must be a string"},
		{"wrong proxy", "image_builder \"docker\" {\n proxy = [1]\n ca_bundle = {}\n}", stackfile.BuilderConfig{},
			"stacks.hcl:5:14: ca_bundle must be of type string\nstacks.hcl:4:10: proxy must be a URL, or a map of http, https, no, all"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := "stack \"s\" {\n  " + "inherits = [\"local\"]\n" + tc.in + "\n}\n"
			f, list := stackfile.Parse("stacks.hcl", "/repo", []byte(text), nil, nil)
			if list.HasErrors() {
				t.Fatal(list)
			}
			s, list := f.Stack("s")
			if list.HasErrors() {
				t.Fatal(list)
			}
			got, list := s.Builder(own)
			if diff := cmp.Diff(tc.problems, list.Error()); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestIntegration(t *testing.T) {
	f, _ := stackfile.Parse("stacks.hcl", "/x", []byte(`integration "mlflow" { requirements = ["mlflow"] }`), nil, nil)
	s, list := f.Stack("local")
	if list.HasErrors() {
		t.Fatal(list)
	}
	at := diag.Range{File: "flow.yaml", Line: 3, Column: 5}
	if i, list := s.Integration("mlflow", at); len(list) > 0 || i.Requirements[0].Text != "mlflow" {
		t.Errorf("got %+v, %v", i, list)
	}
	_, list = s.Integration("mlflw", at)
	if len(list) != 1 || list[0].Suggestion != `did you mean "mlflow"?` || *list[0].Range != at {
		t.Errorf("got %+v", list)
	}
}

// A link in the repository must not carry a file from outside into a plan.
func TestFileStaysInTheFolder(t *testing.T) {
	dir := tree(t, map[string]string{
		"secret":          "s",
		"repo/stacks.hcl": "stack \"s\" {\n  orchestrator \"x\" { v = file(\"link\") }\n}\n",
	})
	if err := os.Symlink("../secret", filepath.Join(dir, "repo", "link")); err != nil {
		t.Fatal(err)
	}
	f, list := stackfile.Load(stackfile.Options{WorkDir: filepath.Join(dir, "repo")})
	if list.HasErrors() {
		t.Fatal(list)
	}
	_, list = f.Stack("s")
	if len(list) != 1 || !strings.Contains(list[0].Detail, "escapes") {
		t.Errorf("got %+v", list)
	}
}

func TestFileIsUsedFromSeveralGoroutines(t *testing.T) {
	f, list := stackfile.Parse("stacks.hcl", "/x", []byte(manyStacks(8)), nil, nil)
	if list.HasErrors() {
		t.Fatal(list)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if list := f.Check(); len(list) > 0 {
				t.Error(list)
			}
		})
	}
	all.Wait()
}
