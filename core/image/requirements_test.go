package image_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/image"
)

// TestPlacesInIncludedFiles is that a mistake in a file that another file
// includes is at a path from the source root, wherever both files are.
func TestPlacesInIncludedFiles(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"sub/all.txt":       "-r dev.txt\n-r deep/more.txt\n-r none.txt\n-r ../top.txt\n-r ./deep/../dev.txt\n",
		"sub/dev.txt":       "six\nbad one\n",
		"sub/deep/more.txt": "-c ../../limits.txt\n-r https://x/y.txt\n",
		"limits.txt":        "bad two\n",
		"top.txt":           "bad three\n",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		`sub/dev.txt:2:1: "bad one" is not a PEP 508 requirement: two requirements in one`,
		`limits.txt:1:1: "bad two" is not a PEP 508 requirement: two requirements in one`,
		`sub/deep/more.txt:2:1: requirements cannot be read from the URL "https://x/y.txt"`,
		`sub/all.txt:3:1: cannot read the requirements file "sub/none.txt": no such file or directory`,
		`top.txt:1:1: "bad three" is not a PEP 508 requirement: two requirements in one`,
	}
	for name, r := range map[string]image.Requirements{
		"a file": {File: "sub/all.txt"}, "a file of a list": {Items: []string{"-r sub/all.txt"}}, "a path with dots": {Items: []string{"-r ./sub/../sub/all.txt"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := image.Compile(image.Settings{Requirements: &r}, image.Options{SourceRoot: root})
			var got []string
			for _, d := range problems {
				if d.Range != nil {
					got = append(got, d.Range.String()+": "+d.Summary)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
