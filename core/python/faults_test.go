package python_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stackrun/stack/core/python"
)

// TestFaultsOfOthers is what went wrong in another tool, by its name, and does
// not here.
func TestFaultsOfOthers(t *testing.T) {
	t.Run("ZenML, uv export writes uv.lock into the project", func(t *testing.T) {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "pyproject.toml"), "[project]\nname = \"a\"\ndependencies = [\"idna\"]\n")
		locked := ""
		f := &fake{answers: map[string]answer{"uv export": {stdout: "idna==3.7\n", do: func(where string) {
			locked = filepath.Join(where, "uv.lock")
			write(t, locked, "")
		}}}}
		if _, err := python.Export(t.Context(), f, "", filepath.Join(dir, "pyproject.toml"), nil); err != nil {
			t.Fatal(err)
		}
		if locked == "" {
			t.Fatal("uv was not asked")
		}
		files, err := os.ReadDir(dir)
		if err != nil || len(files) != 1 {
			t.Errorf("the project has %v: %v", files, err)
		}
	})
}
