package plan

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stackrun/stack/core/diag"
)

// A dockerignore that cannot be read is told once, at the setting, as it was
// written there.
func TestAMissingDockerignoreIsToldOnce(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	for image, at := range map[string]string{
		"dockerignore: absent": "flow.yaml:6:27",
		"dockerignore: folder": "flow.yaml:6:27",
		"dockerignore: absent, allow_including_files_in_images: false, dockerfile: D": "flow.yaml:6:27",
		"dockerfile: D, dockerfile_build: {dockerignore: absent}":                     "flow.yaml:6:61",
	} {
		if err := os.WriteFile(filepath.Join(root, "D"), []byte("FROM a:1\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		m := makerOf(t, root, "version: 1\nname: f\nsteps:\n  s:\n    run: x\n    image: {"+image+"}\n")
		m.describe(t.Context())
		var errors diag.List
		for _, d := range m.list {
			if d.Severity == diag.Error {
				errors = append(errors, d)
			}
		}
		if len(errors) != 1 || errors[0].Code != diag.FileUnreadable || errors[0].Range == nil || errors[0].Range.String() != at {
			t.Errorf("%s: %v", image, errors)
		}
	}
}
