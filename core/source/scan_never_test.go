package source_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stackrun/stack/core/source"
)

// What must never be source is not, whatever the ignore file takes back, and
// however a pattern would read its name.
func TestNever(t *testing.T) {
	root := t.TempDir()
	for name, content := range map[string]string{".dockerignore": "!keys/token*\n", "keys/token[1]": "x", "keys/token1": "y", "#a": "z", "b": "z"} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := source.Scan(context.Background(), source.Options{Root: root, Never: []string{"keys/token[1]", "#a"}})
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, f := range tree.Files() {
		have[f.Path] = true
	}
	if have["keys/token[1]"] || have["#a"] || !have["keys/token1"] || !have["b"] {
		t.Errorf("the tree has %v", have)
	}
}
