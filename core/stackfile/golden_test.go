package stackfile_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/core/stackfile"
)

var update = flag.Bool("update", false, "write what comes out into testdata")

// TestGolden runs the cases of testdata. A case is a folder of an archive:
// stacks.hcl and files beside it, `args` with lines `var NAME=VALUE`, `env
// NAME=VALUE` and `stack NAME` (or `check`), and in `want` what comes out of
// it. Each diagnostic shows the text that its range covers, between « and ».
func TestGolden(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			cases := map[string]map[string]string{}
			for _, f := range archive.Files {
				name, file, _ := strings.Cut(f.Name, "/")
				if cases[name] == nil {
					cases[name] = map[string]string{}
					names = append(names, name)
				}
				cases[name][file] = string(f.Data)
			}
			out := &txtar.Archive{Comment: archive.Comment}
			for _, name := range names {
				files := cases[name]
				var got string
				t.Run(name, func(t *testing.T) {
					got = runCase(t, files)
					if diff := cmp.Diff(files["want"], got); diff != "" && !*update {
						t.Error(diff)
					}
				})
				for _, f := range archive.Files {
					if strings.HasPrefix(f.Name, name+"/") && f.Name != name+"/want" {
						out.Files = append(out.Files, f)
					}
				}
				out.Files = append(out.Files, txtar.File{Name: name + "/want", Data: []byte(got)})
			}
			if *update {
				if err := os.WriteFile(path, txtar.Format(out), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func runCase(t *testing.T, files map[string]string) string {
	dir := t.TempDir()
	for name, text := range files {
		if name == "want" || name == "args" {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{}
	o := stackfile.Options{WorkDir: dir, LookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok }}
	stack, check := "", false
	for _, line := range strings.Split(files["args"], "\n") {
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "var":
			o.Vars = append(o.Vars, rest)
		case "env":
			name, value, _ := strings.Cut(rest, "=")
			env[name] = value
		case "stack":
			stack = rest
		case "check":
			check = true
		}
	}
	var b strings.Builder
	f, list := stackfile.Load(o)
	b.WriteString(showList(files, list))
	if f == nil || list.HasErrors() {
		return b.String()
	}
	if check {
		b.WriteString(showList(files, f.Check()))
		return b.String()
	}
	if stack == "" {
		var problems diag.List
		stack, problems = f.DefaultStack()
		b.WriteString(showList(files, problems))
		if problems.HasErrors() {
			return b.String()
		}
	}
	s, problems := f.Stack(stack)
	b.WriteString(showList(files, problems))
	if s != nil && !problems.HasErrors() {
		b.WriteString(strings.ReplaceAll(showStack(s), dir, "DIR"))
	}
	return b.String()
}

func showList(files map[string]string, list diag.List) string {
	var b strings.Builder
	for _, d := range list {
		fmt.Fprintf(&b, "%s %s", d.Severity, d.Code)
		if d.Range != nil {
			fmt.Fprintf(&b, " %s", d.Range)
			if d.Range.Line > 0 {
				fmt.Fprintf(&b, " «%s»", covered(files[d.Range.File], *d.Range))
			}
		}
		fmt.Fprintf(&b, ": %s\n", d.Summary)
		if d.Detail != "" {
			fmt.Fprintf(&b, "  because %s\n", strings.ReplaceAll(d.Detail, "\n", "\n  "))
		}
		if d.Suggestion != "" {
			fmt.Fprintf(&b, "  try     %s\n", d.Suggestion)
		}
	}
	return b.String()
}

// covered is the text of a range, by lines and characters.
func covered(text string, r diag.Range) string {
	lines := strings.Split(text, "\n")
	if r.Line > len(lines) || r.EndLine > len(lines) {
		return "outside of the file"
	}
	var out []string
	for i := r.Line; i <= r.EndLine; i++ {
		line := []rune(lines[i-1])
		from, to := 0, len(line)
		if i == r.Line {
			from = r.Column - 1
		}
		if i == r.EndLine {
			to = r.EndColumn - 1
		}
		if from > to || to > len(line) {
			return "outside of the line"
		}
		out = append(out, string(line[from:to]))
	}
	return strings.Join(out, "⏎")
}

func showStack(s *stackfile.Stack) string {
	var b strings.Builder
	fmt.Fprintf(&b, "stack %s at %s\n", s.Name, s.Range)
	for _, c := range s.Components() {
		fmt.Fprintf(&b, "%s at %s\n", c, c.Range)
		showValue(&b, "  ", s.Redact(c.Config, nil))
	}
	if s.Registry != nil {
		fmt.Fprintf(&b, "registry %+v\n", *s.Registry)
	}
	if s.Store != nil {
		fmt.Fprintf(&b, "store %+v\n", *s.Store)
	}
	if s.Code != nil {
		fmt.Fprintf(&b, "code %+v\n", *s.Code)
	}
	if s.SecretStore != nil {
		fmt.Fprintf(&b, "secrets %s %s\n", s.Secrets.Type, s.Secrets.Config)
	}
	for _, d := range s.Defaults {
		fmt.Fprintf(&b, "defaults at %s\n", d.Range)
		showValue(&b, "  ", s.Redact(d, nil))
	}
	for _, v := range s.Requirements {
		fmt.Fprintf(&b, "requirement %s at %s\n", v.Text, v.Range)
	}
	for _, v := range s.AptPackages {
		fmt.Fprintf(&b, "apt %s at %s\n", v.Text, v.Range)
	}
	for _, i := range s.Integrations {
		fmt.Fprintf(&b, "integration %s at %s\n", i.Name, i.Range)
		for _, v := range append(append([]*settings.Value(nil), i.Requirements...), i.AptPackages...) {
			fmt.Fprintf(&b, "  %s at %s\n", v.Text, v.Range)
		}
	}
	for _, p := range s.RequiredPlugins {
		fmt.Fprintf(&b, "plugin %s %q %q %q at %s\n", p.Name, p.Source, p.Version, p.Env, p.Range)
	}
	for _, m := range s.RegistryMirrors {
		fmt.Fprintf(&b, "mirror %s = %s at %s\n", m.Registry, m.Mirror, m.Range)
	}
	return b.String()
}

func showValue(b *strings.Builder, indent string, v *settings.Value) {
	for _, e := range v.Entries {
		fmt.Fprintf(b, "%s%s (%d:%d)", indent, e.Key, e.Range.Line, e.Range.Column)
		showNode(b, indent, e.Value)
	}
	for i, item := range v.Items {
		fmt.Fprintf(b, "%s[%d]", indent, i)
		showNode(b, indent, item)
	}
}

func showNode(b *strings.Builder, indent string, v *settings.Value) {
	if v.Layer != settings.Stack {
		fmt.Fprintf(b, " LAYER %q", v.Layer)
	}
	switch v.Kind {
	case settings.Scalar:
		text, _ := json.Marshal(v.Text)
		fmt.Fprintf(b, " = %s %s", v.Type, text)
	case settings.Null:
		b.WriteString(" = null")
	case settings.List:
		b.WriteString(" = list")
	case settings.Map:
		b.WriteString(" = map")
	}
	fmt.Fprintf(b, " at %d:%d-%d:%d", v.Range.Line, v.Range.Column, v.Range.EndLine, v.Range.EndColumn)
	for _, o := range v.Overrode {
		fmt.Fprintf(b, ", over %q at %s", o.Text, o.Range)
	}
	b.WriteByte('\n')
	showValue(b, indent+"  ", v)
}
