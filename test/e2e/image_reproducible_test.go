//go:build e2e

package e2e_test

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestImageReproducible builds the same inputs twice without any layer cache.
// The key is the same; what differs in the image is what docs/reproducibility.md
// lists, and nothing else.
func TestImageReproducible(t *testing.T) {
	known := knownDifferences(t)
	onEachEngine(t, func(t *testing.T, on place) {
		files := map[string]string{
			"conf/one.txt": "one\n",
			"program.py":   "print('hello')\n",
			"mine.py":      "",
			"setup.py":     "from setuptools import setup\nsetup(name='mine', version='1', py_modules=['mine'])\n",
			"flow.yaml": `version: 1
name: again
image:
  base_image: python:3.11-slim
  prevent_build_reuse: true
  build: {no_cache: true, labels: {who: us}}
  environment: {A: "1"}
  apt_packages: [tree]
  requirements: [six==1.16.0]
  copy: [{src: conf, dst: /conf}]
  commands: ["echo $A > /made"]
  layers: [{pip: [idna==3.7]}, {workdir: /job}]
  user: worker
steps:
  uv: {run: "true", image: {local_project_install_command: "uv pip install . --no-deps --no-build-isolation"}}
  pip: {run: "true", image: {python_package_installer: pip, local_project_install_command: "pip install . --no-deps --no-build-isolation"}}
  exact: {run: "true", image: {apt_packages: []}}
`,
		}
		// What the present-day engine can do about times.
		builder := map[string]string{"b": "reproducible = true"}[on.name]
		var all []map[string]*built
		for range 2 {
			files["stacks.hcl"] = stacks{registry: ownRegistry(t), builder: builder}.hcl(t)
			files[".dockerignore"] = "stacks.hcl\n"
			b, _ := newProject(t, files).on(on).makes()
			all = append(all, b)
		}
		for _, step := range []string{"uv", "pip", "exact"} {
			a, b := all[0][step], all[1][step]
			if a.Key != b.Key || a.Reference[strings.LastIndex(a.Reference, ":"):] != b.Reference[strings.LastIndex(b.Reference, ":"):] {
				t.Errorf("step %s: keys %s and %s", step, a.Reference, b.Reference)
			}
			ca, cb := a.config.DeepCopy(), b.config.DeepCopy()
			if fmt.Sprint(ca.Config) != fmt.Sprint(cb.Config) || ca.Platform().String() != cb.Platform().String() {
				t.Errorf("step %s: configurations\n%+v\n%+v", step, ca.Config, cb.Config)
			}
			if len(ca.History) != len(cb.History) || len(a.layers) != len(b.layers) {
				t.Fatalf("step %s: %d and %d instructions, %d and %d layers", step, len(ca.History), len(cb.History), len(a.layers), len(b.layers))
			}
			for i := range ca.History {
				ca.History[i].Created, cb.History[i].Created = ca.Created, ca.Created
				if ca.History[i] != cb.History[i] {
					t.Errorf("step %s: histories\n%+v\n%+v", step, ca.History[i], cb.History[i])
				}
			}
			for i := range a.layers {
				for _, d := range differences(a.layers[i], b.layers[i]) {
					if builder != "" && strings.HasPrefix(d, "time") || !slices.ContainsFunc(known, func(k *regexp.Regexp) bool { return k.MatchString(d) }) {
						t.Errorf("step %s, layer %d: %s", step, i, d)
					}
				}
			}
			if step == "exact" && builder != "" && *a.Digest != *b.Digest {
				t.Errorf("step exact: digests %s and %s", *a.Digest, *b.Digest)
			}
		}
	})
}

// differences is what two layers differ in, a line each: how, and the path.
func differences(a, b layerFiles) []string {
	var all []string
	add := func(how, file string) { all = append(all, how+" of /"+file) }
	for file, x := range a {
		y, ok := b[file]
		switch {
		case !ok:
			add("presence", file)
		case x.String() != y.String():
			add("type, permissions or owner", file)
		case !bytes.Equal(x.content, y.content):
			add("content", file)
		case !x.ModTime.Equal(y.ModTime):
			add("time", file)
		}
	}
	for file := range b {
		if _, ok := a[file]; !ok {
			add("presence", file)
		}
	}
	return all
}

// knownDifferences is the table of docs/reproducibility.md: its first column
// is what differs, its second where, as patterns of path.Match separated by
// commas; ** is any path.
func knownDifferences(t *testing.T) []*regexp.Regexp {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository(t), "docs", "reproducibility.md"))
	if err != nil {
		t.Fatal(err)
	}
	var known []*regexp.Regexp
	for _, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || !slices.Contains([]string{"presence", "content", "time"}, strings.TrimSpace(cells[1])) {
			continue
		}
		for _, pattern := range strings.Split(cells[2], ",") {
			pattern = strings.Trim(pattern, " `")
			if top, _, _ := strings.Cut(strings.TrimPrefix(pattern, "/"), "/"); strings.Contains(top, "*") {
				t.Fatalf("docs/reproducibility.md: %s is any file at all; name the folders", pattern)
			}
			pattern = regexp.QuoteMeta(pattern)
			pattern = strings.ReplaceAll(strings.ReplaceAll(pattern, `\*\*`, ".*"), `\*`, "[^/]*")
			known = append(known, regexp.MustCompile("^"+strings.TrimSpace(cells[1])+" of "+path.Clean(pattern)+"$"))
		}
	}
	if len(known) == 0 {
		t.Fatal("docs/reproducibility.md has no table of what differs")
	}
	return known
}
