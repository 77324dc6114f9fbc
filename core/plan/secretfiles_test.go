package plan

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/source"
	"github.com/stackrun/stack/core/stackfile"
)

// makerOf is what makes the plan of a flow of one step in the folder root.
func makerOf(t *testing.T, root, text string) *maker {
	t.Helper()
	r := &Resolved{Flow: &flow.Flow{Name: "f"}, Stack: &stackfile.Stack{}, Steps: []Decided{oneStep(t, text)}}
	return &maker{resolved: r, in: Input{SourceRoot: root}, list: diag.List{}, seen: map[string]bool{}, trees: map[string]*source.Tree{}, secrets: secretFiles(r, root)}
}

// Where the file of a secret is a link, what it leads to holds the value, and is
// no more source than the link; so it is where the source root is a link.
func TestALinkedSecretIsNoSource(t *testing.T) {
	dir := t.TempDir()
	root := filepath.Join(dir, "root")
	if err := os.MkdirAll(filepath.Join(root, "real"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"real.tok": "secret", "real/of-a-folder.tok": "secret", "plain.tok": "secret", "main.py": "pass"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"link.tok": "real.tok", "keys": "real", "../elsewhere": "root"} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, root := range []string{root, filepath.Join(dir, "elsewhere")} {
		m := makerOf(t, root, `{version: 1, name: f, steps: {s: {run: x, image: {build_secrets: [
  {name: A, file: link.tok}, {name: B, file: keys/of-a-folder.tok}, {name: C, file: plain.tok}]}}}}`)
		tree, err := m.tree(t.Context(), m.resolved.Steps[0].Settings.Image)
		if err != nil {
			t.Fatal(err)
		}
		var files []string
		for _, f := range tree.Files() {
			if f.Type == source.Regular {
				files = append(files, f.Path)
			}
		}
		if !slices.Equal(files, []string{"main.py"}) {
			t.Errorf("the source is %q", files)
		}
	}
}

// allThere is a registry that has every base, and no image.
type allThere struct{}

func (allThere) Digests(_ context.Context, references, _ []string) (map[string]string, error) {
	out := map[string]string{}
	for _, r := range references {
		out[r] = "sha256:" + strings.Repeat("a", 64)
	}
	return out, nil
}
func (allThere) Find(context.Context, Image) (Found, error)   { return Found{}, nil }
func (allThere) Previous(context.Context, Image) image.Inputs { return nil }

// Steps that would share an image, though each has a value of its own for it,
// are refused; with one name and one file they share it.
func TestOneImageOfTwoSecrets(t *testing.T) {
	root := t.TempDir()
	// A step that reads one secret.
	step := func(name, secret, command string) described {
		m := makerOf(t, root, "{version: 1, name: f, steps: {"+name+": {run: x, image: {commands: ["+command+"], build_secrets: ["+secret+"]}}}}")
		return m.describe(t.Context())[0]
	}
	const fileA, fileB, stored = "{name: T, file: /elsewhere/a.tok}", "{name: T, file: /elsewhere/b.tok}", "T"
	for _, c := range []struct {
		name          string
		first, second described
		images        int // 0: refused
	}{
		{"one file", step("a", fileA, "x"), step("b", fileA, "x"), 1},
		{"two files", step("a", fileA, "x"), step("b", fileB, "x"), 0},
		{"a file and the store", step("a", fileA, "x"), step("b", stored, "x"), 0},
		{"the store and a file", step("a", stored, "x"), step("b", fileB, "x"), 0},
		{"two images", step("a", fileA, "x"), step("b", fileB, "y"), 2},
	} {
		images, _, err := keyed(t.Context(), allThere{}, []described{c.first, c.second})
		if c.images > 0 {
			if err != nil || len(images) != c.images {
				t.Errorf("%s: %d images, %v", c.name, len(images), err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), "steps a and b share one image, and read its secret T") || diag.FromError(err)[0].Range == nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// What a build that is used as it is gets compared with is what would be built.
func TestAPinnedBuildIsComparedWithoutSecrets(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"a.tok", "main.py"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m := makerOf(t, root, "{version: 1, name: f, steps: {s: {run: x, image: {build_secrets: [{name: A, file: a.tok}]}}}}")
	m.in.Images = allThere{}
	made, _, err := keyed(t.Context(), m.in.Images, m.describe(t.Context()))
	if err != nil || m.list.HasErrors() {
		t.Fatal(err, m.list)
	}
	m.trees = map[string]*source.Tree{}
	present, _, err := m.present(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if reasons := Changes(made[0], present[0]); len(reasons) > 0 {
		t.Errorf("the same differs in %q", reasons)
	}
}
