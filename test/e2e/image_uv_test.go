//go:build e2e

package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// uvVersion is that of the uv that users are to have in these tests.
const uvVersion = "0.13.4"

// localUV is uv on this machine, as a user has it.
type localUV string

var findUV sync.Mutex

// realUV installs uv once for all tests, into the folder of what is slow to make.
func realUV(t *testing.T) localUV {
	t.Helper()
	findUV.Lock()
	defer findUV.Unlock()
	cache := os.Getenv("STACK_E2E_CACHE")
	if cache == "" {
		cache = "/var/cache/stack-e2e"
	}
	venv := filepath.Join(cache, "uv-"+uvVersion)
	uv := localUV(filepath.Join(venv, "bin", "uv"))
	if exec.Command(string(uv), "--version").Run() == nil {
		return uv
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	// Under another name first: a half-made one is never used.
	temp, err := os.MkdirTemp(cache, ".uv-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(temp)
	for _, args := range [][]string{{"python3", "-m", "venv", temp}, {filepath.Join(temp, "bin", "pip"), "install", "--quiet", "uv==" + uvVersion}} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	if err := os.Chmod(temp, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(venv); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(temp, venv); err != nil {
		t.Fatal(err)
	}
	return uv
}

// run runs uv in a folder.
func (uv localUV) run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command(string(uv), append(slices.Clone(args), "--no-progress", "--no-python-downloads")...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("uv %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestImageUVProject: the locked packages of a uv project with a member of its
// workspace and groups, without the project itself; a changed lock is another
// image, and its reason says which package.
func TestImageUVProject(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		uv := realUV(t)
		project := "[project]\nname = \"outer\"\nversion = \"0.1.0\"\nrequires-python = \">=3.11\"\ndependencies = [\"idna==3.7\", \"inner\"]\n" +
			"[dependency-groups]\ndev = [\"iniconfig==2.0.0\"]\ndocs = [\"toml==0.10.2\"]\n" +
			"[tool.uv.workspace]\nmembers = [\"packages/*\"]\n[tool.uv.sources]\ninner = { workspace = true }\n" +
			"[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n"
		p := newProject(t, map[string]string{
			"stacks.hcl":                         stacks{registry: ownRegistry(t)}.hcl(t),
			"proj/pyproject.toml":                project,
			"proj/outer.py":                      "raise SystemExit('the project is installed')\n",
			"proj/packages/inner/pyproject.toml": "[project]\nname = \"inner\"\nversion = \"0.1.0\"\nrequires-python = \">=3.11\"\ndependencies = [\"six==1.16.0\"]\n",
			"other/pyproject.toml":               "[project]\nname = \"other\"\nversion = \"0.1.0\"\nrequires-python = \">=3.11\"\ndependencies = [\"colorama==0.4.6\"]\n",
			".dockerignore":                      "other\n",
			"flow.yaml": `version: 1
name: uv
image: {base_image: "python:3.11-slim"}
steps:
  project: {run: "python -c 'import idna, six, iniconfig' && ! python -c 'import outer' 2>/dev/null", image: {uv_project: proj}}
  groups: {run: "true", image: {uv_project: proj/pyproject.toml, python_package_installer_args: {no-default-groups: null, group: docs}}}
  elsewhere: {run: "true", image: {uv_project: other, uv_lock: locks/other.lock}}
  layered: {run: "true", image: {layers: [{run: "echo before > /before"}, {uv_project: proj}, {run: "python -c 'import idna' && echo after > /after"}]}}
  managed: {run: "true", image: {base_image: "python:3.11-managed", uv_project: proj}}
`,
		}).on(on)
		uv.run(t, p.path("proj"), "lock")
		uv.run(t, p.path("other"), "lock")
		if err := os.Mkdir(p.path("locks"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(p.path("other/uv.lock"), p.path("locks/other.lock")); err != nil {
			t.Fatal(err)
		}
		all, _ := p.makes()
		for _, step := range []string{"project", "layered", "managed"} {
			all[step].installs("idna==3.7", "six==1.16.0", "iniconfig==2.0.0")
		}
		all["groups"].installs("idna==3.7", "six==1.16.0", "toml==0.10.2")
		all["elsewhere"].installs("colorama==0.4.6")
		l := all["layered"]
		l.ascending("layers", l.layerOf("before"), l.layerOfPackage("idna"), l.layerOf("after"))
		for _, b := range all {
			b.lacks(`(^|/)uvx?$`, `^tmp/.`, `\.venv`, `\.whl$`, `pyvenv.cfg`)
		}
		p.must(0, "run", "flow.yaml")

		p.write("proj/pyproject.toml", strings.Replace(project, "idna==3.7", "idna==3.8", 1))
		uv.run(t, p.path("proj"), "lock")
		again, r := p.makes()
		p.wants(r, "~ uv_project (idna 3.7 → 3.8)")
		again["project"].installs("idna==3.8", "six==1.16.0", "iniconfig==2.0.0")
		if again["project"].Action != "build" || again["elsewhere"].Action != "reuse" && again["elsewhere"].layerOf("app/proj/uv.lock") < 0 {
			t.Errorf("after a change of the lock: %+v and %+v", again["project"].planImage, again["elsewhere"].planImage)
		}
	})
}

// TestImageUVScript: a script says its Python and its packages, and runs.
func TestImageUVScript(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		x := startIndex(t, "", "", "e2escript==1.0")
		script := "# /// script\n# requires-python = \">=3.11,<3.12\"\n# dependencies = [\n#   \"six==1.16.0\",\n#   \"idna<3.8 ; python_version > '3'\", # not newer\n#   \"e2escript\",\n# ]\n# [tool.uv]\n# extra-index-url = [\"" +
			x.url("") + "\"]\n# ///\nimport e2escript, idna, six\nprint('script says', six.__version__, e2escript.version)\n"
		p := newProject(t, map[string]string{
			"stacks.hcl":  stacks{registry: ownRegistry(t)}.hcl(t),
			"jobs/one.py": script,
			"flow.yaml":   "version: 1\nname: script\nimage: {uv_script: jobs/one.py}\nsteps: {only: {run: python jobs/one.py}}\n",
		}).on(on)
		p.wants(p.must(0, "run", "flow.yaml"), "script says 1.16.0 1.0")
		all, r := p.makes("--why")
		all["only"].installs("six==1.16.0", "idna==3.7", "e2escript==1.0")
		if base := all["only"].Base.Reference; !strings.HasSuffix(base, "python:3.11-slim") {
			t.Errorf("the base is %s", base)
		}
		if all["only"].Action != "reuse" {
			t.Errorf("built again:\n%s", r)
		}

		p.write("jobs/one.py", strings.Replace(script, "six==1.16.0", "six==1.17.0", 1))
		p.wants(p.must(0, "build", "flow.yaml", "--why"), "~ uv_script (six 1.16.0 → 1.17.0)")
		p.write("flow.yaml", "version: 1\nname: script\nimage: {uv_script: jobs/one.py, python_version: \"3.12\"}\nsteps: {only: {run: python jobs/one.py}}\n")
		p.wants(p.must(2, "build", "flow.yaml"), "requires-python")
	})
}
