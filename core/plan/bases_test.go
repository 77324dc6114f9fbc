package plan

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/core/source"
	"github.com/stackrun/stack/core/stackfile"
)

// lacking is a registry without the bases whose names end in "nope".
type lacking struct{ allThere }

func (l lacking) Digests(ctx context.Context, references, platforms []string) (map[string]string, error) {
	var problems BaseProblems
	for _, r := range references {
		if strings.HasSuffix(r, "nope") || r == "python:3.12-slim" {
			problems = append(problems, BaseProblem{Reference: r, Found: diag.List{diag.New(diag.BaseNotFound, "base image %s does not exist", r)}})
		}
	}
	found, _ := l.allThere.Digests(ctx, references, platforms)
	return found, problems.Err()
}

// A base that does not exist is told where it was written: in the flow, or in
// the Dockerfile at the instruction that names it.
func TestAMissingBaseIsToldWhereItIsWritten(t *testing.T) {
	root := t.TempDir()
	for name, content := range map[string]string{
		"Dockerfile": "# our own\nFROM python:3.11-slim AS tools\nFROM debian:12\nCOPY --from=tools /a /a\nCOPY \\\n  --from=busybox:nope /bin /bin\n",
		"From":       "FROM alpine:nope\n",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, list := flow.Parse("flow.yaml", []byte(`version: 1
name: f
steps:
  a: {run: x, image: {base_image: 'python:3.11-slim'}}
  b: {run: x, image: {base_image: 'python:3.11-slim-nope'}}
  c: {run: x, image: {dockerfile: Dockerfile}}
  d: {run: x, image: {dockerfile: From}}
  e: {run: x}
`))
	if list.HasErrors() {
		t.Fatal(list)
	}
	r, list := Resolve(f, &stackfile.Stack{}, Layers{}, nil)
	if list.HasErrors() {
		t.Fatal(list)
	}
	m := maker{resolved: r, in: Input{SourceRoot: root}, list: diag.List{}, seen: map[string]bool{}, trees: map[string]*source.Tree{}}
	all := m.describe(t.Context())
	if m.list.HasErrors() {
		t.Fatal(m.list)
	}
	_, _, err := keyed(t.Context(), lacking{}, all)
	got := map[string]string{}
	for _, d := range diag.FromError(err) {
		at := ""
		if d.Range != nil {
			at = d.Range.String()
		}
		got[d.Summary] = strings.TrimSpace(at + " " + d.Detail)
	}
	if diff := cmp.Diff(map[string]string{
		"base image python:3.11-slim-nope does not exist": "flow.yaml:5:35",
		"base image busybox:nope does not exist":          "Dockerfile:5:1",
		"base image alpine:nope does not exist":           "From:1:1",
		"base image python:3.12-slim does not exist":      "It is the default for the Python version of step e.",
	}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
