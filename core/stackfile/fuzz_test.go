package stackfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/stackfile"
)

// FuzzParse: whatever is in a file, reading and evaluating all of it ends
// without a panic, and every place that is named lies within the file.
func FuzzParse(f *testing.F) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range archives {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range txtar.Parse(data).Files {
			if strings.HasSuffix(file.Name, "/stacks.hcl") {
				f.Add(string(file.Data))
			}
		}
	}
	f.Add("\xef\xbb\xbfstack \"a\" {}")
	f.Add("stack \"a\" { orchestrator \"x\" { v = <<E\n")
	f.Add("stack \"a\" {\n orchestrator \"x\" {\n v = 1e99999\n w = -1e-99999\n }\n}")
	f.Add("stack \"\xff\" {}")
	f.Add("stack \"a\" {\n orchestrator \"x\" { v = [for k, v in { a = 1 } : \"%{ if v }${k}%{ endif }\"]... }\n}")
	f.Fuzz(func(t *testing.T, text string) {
		file, list := stackfile.Parse("stacks.hcl", "", []byte(text), []string{"a={"}, func(name string) (string, bool) { return name, len(name)%2 == 0 })
		places(t, text, list)
		if list.HasErrors() {
			return
		}
		places(t, text, file.Check())
		stacks, list := file.ListStacks()
		places(t, text, list)
		for _, s := range stacks {
			stack, list := file.Stack(s.Name)
			places(t, text, list)
			if stack == nil || stack.Orchestrator == nil {
				continue
			}
			_, list = stackfile.CheckComponent(stack.Orchestrator, clusterBlock())
			places(t, text, list)
			stack.Shown(stack.Orchestrator)
		}
	})
}

// places checks that every range covers something of the file.
func places(t *testing.T, text string, list diag.List) {
	t.Helper()
	lines := strings.Split(text, "\n")
	for _, d := range list {
		if d.Range == nil || d.Range.Line == 0 || d.Range.File != "stacks.hcl" {
			continue
		}
		r := *d.Range
		if r.Line > len(lines) || r.EndLine > len(lines) || r.Column < 1 || r.EndColumn < 1 ||
			r.Column > len([]rune(lines[r.Line-1]))+1 || r.EndColumn > len([]rune(lines[r.EndLine-1]))+1 ||
			r.EndLine < r.Line || r.EndLine == r.Line && r.EndColumn < r.Column {
			t.Errorf("%+v is not in the file: %s", r, d.Summary)
		}
	}
}
