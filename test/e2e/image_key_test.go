//go:build e2e

package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestImageKeyAcrossMachines: the same project, in another folder of another
// user with another uv, has the same key, and finds what the first has built.
func TestImageKeyAcrossMachines(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		uv := realUV(t)
		files := map[string]string{
			"stacks.hcl":          stacks{registry: ownRegistry(t), also: "requirements = [\"six==1.16.0\"]"}.hcl(t),
			"proj/pyproject.toml": "[project]\nname = \"proj\"\nversion = \"1\"\nrequires-python = \">=3.11\"\ndependencies = [\"idna==3.7\"]\n",
			"conf/one.txt":        "one\n",
			"reqs/in.txt":         "-r more.txt\ntoml==0.10.2\n",
			"reqs/more.txt":       "iniconfig==2.0.0\n",
			"own/Dockerfile":      "FROM python:3.11-slim\nCOPY . /got\n",
			"tok.txt":             "a secret",
			"program.sh":          "#!/bin/sh\n",
			"flow.yaml": `version: 1
name: keys
image: {base_image: "python:3.11-slim"}
steps:
  settings:
    run: "true"
    image:
      uv_project: proj
      requirements: reqs/in.txt
      environment: {A: "1"}
      copy: [{src: conf, dst: /conf}]
      build_secrets: [SECRET, {name: tok, file: tok.txt}]
      commands: ["echo $A > /a"]
      user: worker
      build: {labels: {who: us}}
  dockerfile: {run: "true", image: {dockerfile: own/Dockerfile, runtime_environment: {B: "2"}}}
`,
		}
		first := newProject(t, files).on(on)
		uv.run(t, first.path("proj"), "lock")
		files["proj/uv.lock"] = first.read("proj/uv.lock")
		second := newProject(t, files).on(on)
		first.env = append(first.env, "SECRET=one")
		// Another home, another place and name of the folder, other times, other
		// modes that are not the executable bit, another value of the secret.
		second.env = append(second.env, "SECRET=two", "USER=somebody", "LANG=de_DE.UTF-8", "TZ=Asia/Tokyo")
		second.write("tok.txt", "another secret")
		old := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
		err := filepath.WalkDir(second.dir, func(path string, d os.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				err = os.Chmod(path, 0o600)
			}
			if err == nil {
				err = os.Chtimes(path, old, old)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []*project{first, second} {
			if err := os.Chmod(p.path("program.sh"), 0o744); err != nil {
				t.Fatal(err)
			}
		}

		built, _ := first.makes()
		found, r := second.makes()
		for _, step := range []string{"settings", "dockerfile"} {
			a, b := built[step], found[step]
			if a.Key != b.Key || a.Digest == nil || b.Digest == nil || *a.Digest != *b.Digest || b.Action != "reuse" {
				t.Errorf("step %s: first %+v, then %+v\n%s", step, a.planImage, b.planImage, r)
			}
			for _, dir := range []string{first.dir, second.dir} {
				for i, l := range a.layers {
					for file, e := range l {
						if strings.Contains(string(e.content), dir) {
							t.Errorf("step %s: the path of the project is in %s of layer %d", step, file, i)
						}
					}
				}
			}
		}
		if strings.Contains(r.stdout, `"to":"building"`) {
			t.Errorf("the second has built something:\n%s", r)
		}

		// What tells them apart is the content.
		second.write("conf/one.txt", "two\n")
		_, r = second.makes()
		second.wants(r, "~ copy (/conf/one.txt)")
	})
}
