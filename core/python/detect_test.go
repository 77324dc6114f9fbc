package python_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stackrun/stack/core/python"
)

func TestDetect(t *testing.T) {
	const project = "[project]\nname = \"a\"\ndependencies = [\"b\"]\n"
	for name, test := range map[string]struct {
		files   []string // a name, or name=text; a name that ends in / is a folder
		home    string
		want    string
		kind    python.Kind
		warning string
	}{
		"beside the flow":                 {files: []string{".git/", "src/requirements.txt"}, want: "src/requirements.txt", kind: python.RequirementsFile},
		"requirements before pyproject":   {files: []string{".git/", "src/requirements.txt", "src/pyproject.toml=" + project}, want: "src/requirements.txt", kind: python.RequirementsFile},
		"the nearest":                     {files: []string{".git/", "requirements.txt", "src/pyproject.toml=" + project}, want: "src/pyproject.toml", kind: python.Pyproject},
		"at the root of the repository":   {files: []string{".git/", "requirements.txt", "src/"}, want: "requirements.txt", kind: python.RequirementsFile},
		"a worktree's .git file":          {files: []string{".git=gitdir: x", "requirements.txt", "src/"}, want: "requirements.txt", kind: python.RequirementsFile},
		"not above the repository":        {files: []string{"requirements.txt", "src/.git/"}},
		"without a repository":            {files: []string{"requirements.txt", "src/"}, want: "requirements.txt", kind: python.RequirementsFile},
		"not in home":                     {files: []string{"requirements.txt", "src/"}, home: "."},
		"home is the source root":         {files: []string{"requirements.txt", "src/requirements.txt"}, home: "src", want: "src/requirements.txt", kind: python.RequirementsFile},
		"nothing in home, nothing beyond": {files: []string{"requirements.txt", "src/"}, home: "src"},
		"a folder of that name":           {files: []string{".git/", "src/requirements.txt/"}},
		"a pyproject of tools":            {files: []string{".git/", "requirements.txt", "src/pyproject.toml=[tool.stack]\n"}, want: "requirements.txt", kind: python.RequirementsFile},
		"a project without dependencies":  {files: []string{".git/", "src/pyproject.toml=[project]\nname=\"a\"\n"}, want: "src/pyproject.toml", kind: python.Pyproject, warning: "lists no dependencies"},
		"dynamic dependencies":            {files: []string{".git/", "src/pyproject.toml=[project]\nname=\"a\"\ndynamic=[\"dependencies\"]\n"}, want: "src/pyproject.toml", kind: python.Pyproject, warning: "dynamic"},
		"poetry's dependencies":           {files: []string{".git/", "src/pyproject.toml=" + poetryProject}, want: "src/pyproject.toml", kind: python.Pyproject, warning: "poetry reads"},
		"groups and extras":               {files: []string{".git/", "src/pyproject.toml=[project]\nname=\"a\"\n[project.optional-dependencies]\nx=[\"y\"]\n[dependency-groups]\nz=[]\n"}, want: "src/pyproject.toml", kind: python.Pyproject, warning: "left out, and [dependency-groups]"},
		"nothing":                         {files: []string{".git/", "src/"}},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for _, f := range test.files {
				f, text, _ := strings.Cut(f, "=")
				path := filepath.Join(root, f)
				if strings.HasSuffix(f, "/") {
					if err := os.MkdirAll(path, 0o755); err != nil {
						t.Fatal(err)
					}
					continue
				}
				write(t, path, text)
			}
			home := filepath.Join(root, "elsewhere")
			if test.home != "" {
				home = filepath.Join(root, test.home)
			}
			got, err := python.Detect(filepath.Join(root, "src"), home)
			if err != nil {
				t.Fatal(err)
			}
			want := ""
			if test.want != "" {
				want = filepath.Join(root, test.want)
			}
			if got.Path != want || got.Kind != test.kind || (got.Warning != "") != (test.warning != "") || !strings.Contains(got.Warning, test.warning) {
				t.Errorf("got %+v, want %s", got, want)
			}
		})
	}
	root := t.TempDir()
	write(t, filepath.Join(root, "pyproject.toml"), "[project")
	if _, err := python.Detect(root, ""); err == nil {
		t.Error("a pyproject.toml that is no TOML is taken")
	}
}
