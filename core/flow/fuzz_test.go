package flow_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stackrun/stack/core/flow"
)

// FuzzFlow reads and expands any text: nothing panics, names are unique, and
// needs come first.
func FuzzFlow(f *testing.F) {
	for _, c := range mistakes() {
		f.Add([]byte(head+c.text), "n=1")
	}
	text, err := os.ReadFile(filepath.Join("testdata", "churn.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text, "epochs=5")
	f.Add([]byte(head+"steps:\n  a: {run: x, matrix: {b: [1, \"a,b=]\"]}, outputs: {o: {}}}\n  b: {command: [x, \"${{ steps.a.outputs.o }}\"]}\n"), "")
	f.Add([]byte(head+"params: {n: 1}\nsteps:\n  a: {command: [\"${{ params.n }}\"], nodes: \"${{ params.n }}\"}\n"), "n=2")
	f.Fuzz(func(t *testing.T, data []byte, override string) {
		parsed, list := flow.Parse("flow.yaml", data)
		if (parsed == nil) != list.HasErrors() {
			t.Fatalf("flow %v with %v", parsed, list)
		}
		for _, d := range list {
			if d.Range == nil || d.Range.Line < 1 || d.Range.Column < 1 {
				t.Fatalf("no place: %+v", d)
			}
		}
		if parsed == nil {
			return
		}
		g, list := flow.Expand(parsed, []string{override})
		if (g == nil) != list.HasErrors() {
			t.Fatalf("graph %v with %v", g, list)
		}
		if g == nil {
			return
		}
		seen := map[string]bool{}
		for _, n := range g.Steps {
			if seen[n.Name] {
				t.Fatalf("step %q twice", n.Name)
			}
			for _, need := range n.Needs {
				if !seen[need] {
					t.Fatalf("step %q comes before %q, which it needs", n.Name, need)
				}
			}
			for _, in := range n.Inputs {
				entries := map[string]bool{}
				for _, s := range in.Sources {
					if !seen[s.Step] || entries[s.Entry] || in.Many && s.Entry == "" {
						t.Fatalf("input %q: %+v", in.Name, in.Sources)
					}
					entries[s.Entry] = true
				}
			}
			seen[n.Name] = true
		}
	})
}
