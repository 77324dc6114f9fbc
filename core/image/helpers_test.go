package image_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/core/source"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// lay writes files below a new folder.
func lay(t testing.TB, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(content), 0o644))
	}
	return root
}

// read makes settings of YAML, as a flow's `image:` would be, with the places
// of everything in it.
func read(t testing.TB, text string) (image.Settings, func(path ...string) diag.Range, diag.List) {
	t.Helper()
	tree, problems := settings.ParseYAML("flow.yaml", []byte(text), settings.Flow)
	if problems.HasErrors() {
		t.Fatalf("the test's own YAML is wrong: %v", problems)
	}
	var s image.Settings
	if tree == nil {
		return s, func(...string) diag.Range { return diag.Range{} }, nil
	}
	pruned, problems := image.Prune(tree)
	problems = append(problems, settings.Decode(pruned, &s)...)
	return s, func(path ...string) diag.Range { return place(pruned, path) }, problems
}

func place(v *settings.Value, path []string) diag.Range {
	for i, p := range path {
		if v == nil {
			return diag.Range{}
		}
		if v.Kind == settings.List {
			n := 0
			for _, c := range p {
				n = n*10 + int(c-'0')
			}
			if n >= len(v.Items) {
				return diag.Range{}
			}
			v = v.Items[n]
			continue
		}
		next := v.Get(p)
		if next == nil && i > 0 {
			return v.Range
		}
		v = next
	}
	if v == nil {
		return diag.Range{}
	}
	return v.Range
}

// digests is one for every reference, made from its text.
func digests(references []string) map[string]string {
	all := map[string]string{}
	for _, r := range references {
		all[r] = "sha256:" + source.Bytes("", []byte(r), false).Digest
	}
	return all
}

// compile makes a pinned image of YAML that is right.
func compile(t testing.TB, text string, o image.Options) image.Image {
	t.Helper()
	s, ranges, problems := read(t, text)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	o.RangeOf = ranges
	im, problems := image.Compile(s, o)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	return im.Pin(digests(im.References()))
}

func scan(t testing.TB, root string) *source.Tree {
	t.Helper()
	tree, err := source.Scan(context.Background(), source.Options{Root: root})
	must(t, err)
	return tree
}

func lookup(vars map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := vars[name]; return v, ok }
}

func summary(l diag.List) string {
	var lines []string
	for _, d := range l {
		at := ""
		if d.Range != nil {
			at = d.Range.String() + ": "
		}
		lines = append(lines, at+string(d.Severity)+" "+string(d.Code)+" "+d.Summary)
	}
	return strings.Join(lines, "\n")
}
