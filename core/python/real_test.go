//go:build e2e

package python_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/python"
)

// TestRealTools asks uv and pip themselves, in an environment made for it.
func TestRealTools(t *testing.T) {
	system, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal(err)
	}
	venv := filepath.Join(t.TempDir(), "venv")
	run(t, "", system, "-m", "venv", venv)
	bin := filepath.Join(venv, "bin")
	if out, err := exec.Command(filepath.Join(bin, "python"), "-m", "pip", "install", "-q", "uv", "idna==3.7", "six==1.16.0").CombinedOutput(); err != nil {
		t.Fatalf("install uv: %v\n%s", err, out)
	}
	env := append(os.Environ(), "PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"), "UV_CACHE_DIR="+t.TempDir())
	tools := python.Programs{Env: env}
	t.Run("export with a lock", func(t *testing.T) { realLocked(t, tools, bin) })
	t.Run("export without a lock", func(t *testing.T) { realUnlocked(t, tools) })
	t.Run("export that fails", func(t *testing.T) { realFailure(t, tools) })
	t.Run("export by command", func(t *testing.T) { realCommand(t, tools, bin) })
	t.Run("freeze", func(t *testing.T) { realFreeze(t, tools, venv) })
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

const project = `[project]
name = "churn"
version = "0.1"
requires-python = ">=3.9"
dependencies = ["idna==3.7", "Six>=1.16,<1.17", "colorama==0.4.6; sys_platform == 'win32'"]

[project.optional-dependencies]
more = ["tomli==2.0.1; python_version < '3.11'"]
all = ["churn[more]"]

[dependency-groups]
dev = ["iniconfig==2.0.0", {include-group = "lint"}]
lint = ["pluggy==1.5.0"]
`

func realLocked(t *testing.T, tools python.Programs, bin string) {
	var all [][]string
	for range 2 { // in two places
		dir := filepath.Join(t.TempDir(), "a folder")
		write(t, filepath.Join(dir, "pyproject.toml"), project)
		run(t, dir, filepath.Join(bin, "uv"), "lock", "-q")
		before := tree(t, dir)
		got, err := python.Export(t.Context(), tools, "", filepath.Join(dir, "pyproject.toml"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{`colorama==0.4.6 ; sys_platform == "win32"`, "idna==3.7", "six==1.16.0"}, names(got.Lines)); diff != "" {
			t.Error(diff)
		}
		if !got.Locked || got.Tool != "uv export" || len(got.Warnings) > 0 {
			t.Errorf("%+v", got)
		}
		for _, l := range got.Lines {
			if strings.Count(l, " --hash=sha256:") < 2 {
				t.Errorf("hashes of the lock are lost: %s", l)
			}
		}
		if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
			t.Errorf("the project is changed:\n%s", diff)
		}
		after := tree(t, dir)
		if err := python.CheckUVLock([]byte(after["/pyproject.toml"]), []byte(after["/uv.lock"])); err != nil {
			t.Errorf("the lock is fresh: %v", err)
		}
		all = append(all, got.Lines)

		write(t, filepath.Join(dir, "pyproject.toml"), strings.Replace(project, `"idna==3.7"`, `"idna==3.6", "attrs"`, 1))
		_, err = python.Export(t.Context(), tools, "", filepath.Join(dir, "pyproject.toml"), nil)
		if err == nil || !strings.Contains(err.Error(), "+ attrs") || !strings.Contains(err.Error(), "~ idna (==3.7 → ==3.6)") {
			t.Errorf("a lock that does not fit: %v", err)
		}
	}
	if diff := cmp.Diff(all[0], all[1]); diff != "" {
		t.Errorf("the same project in another folder exports otherwise:\n%s", diff)
	}
}

func realUnlocked(t *testing.T, tools python.Programs) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "pyproject.toml"), project)
	before := tree(t, dir)
	got, err := python.Export(t.Context(), tools, "", filepath.Join(dir, "pyproject.toml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{`colorama==0.4.6 ; sys_platform == "win32"`, "idna==3.7", "six==1.16.0"}, names(got.Lines)); diff != "" {
		t.Error(diff)
	}
	if got.Locked || len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "uv lock") {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
		t.Errorf("the project is changed:\n%s", diff)
	}
}

func realFailure(t *testing.T, tools python.Programs) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "pyproject.toml"), strings.Replace(project, "idna==3.7", "idna==999", 1))
	_, err := python.Export(t.Context(), tools, "", filepath.Join(dir, "pyproject.toml"), nil)
	if err == nil || !strings.Contains(err.Error(), "idna==999") || strings.Contains(err.Error(), "stack-export-") {
		t.Errorf("uv's own words, and no path of the copy, are wanted: %v", err)
	}
}

func realCommand(t *testing.T, tools python.Programs, bin string) {
	dir := filepath.Join(t.TempDir(), "a folder")
	write(t, filepath.Join(dir, "pyproject.toml"), project)
	run(t, dir, filepath.Join(bin, "uv"), "lock", "-q")
	got, err := python.Export(t.Context(), tools, "", filepath.Join(dir, "pyproject.toml"),
		[]string{"uv", "export", "--project={directory}", "--frozen", "--no-emit-project", "--all-extras", "--group", "lint", "--no-hashes"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`colorama==0.4.6 ; sys_platform == "win32"`, "idna==3.7", "iniconfig==2.0.0", "pluggy==1.5.0", "six==1.16.0",
		`tomli==2.0.1 ; python_full_version < "3.11"`,
	}
	if diff := cmp.Diff(want, got.Lines); diff != "" {
		t.Error(diff)
	}
	write(t, filepath.Join(dir, "lib", "pyproject.toml"), "[project]\nname = \"lib\"\nversion = \"1\"\n")
	write(t, filepath.Join(dir, "pyproject.toml"), strings.Replace(project, `"idna==3.7"`, `"lib"`, 1)+"[tool.uv.sources]\nlib = {path = \"lib\"}\n")
	run(t, dir, filepath.Join(bin, "uv"), "lock", "-q")
	for _, command := range [][]string{nil, {"uv", "export", "--frozen"}} {
		_, err = python.Export(t.Context(), tools, "", filepath.Join(dir, "pyproject.toml"), command)
		if err == nil || !strings.Contains(err.Error(), "./lib") || !strings.Contains(err.Error(), "of this machine") {
			t.Errorf("%v: a package of a folder is in the output: %v", command, err)
		}
	}
}

// backend builds a package without any other, so that pip has to fetch none.
const backend = `import zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "mine_own-1-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + name, "w") as z:
        z.writestr("mine_own-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: mine-own\nVersion: 1\n")
        z.writestr("mine_own-1.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        z.writestr("mine_own-1.dist-info/RECORD", "")
    return name

build_editable = build_wheel
`

func realFreeze(t *testing.T, tools python.Programs, venv string) {
	lookup := func(name string) (string, bool) { return venv, name == "VIRTUAL_ENV" }
	var all [][]string
	for _, installer := range []string{"uv", "pip"} {
		got, err := python.Freeze(t.Context(), tools, python.Installed{Installer: installer, Lookup: lookup, Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		var without []string
		for _, l := range got.Lines {
			if !strings.HasPrefix(l, "uv==") {
				without = append(without, l)
			}
		}
		all = append(all, without)
	}
	if diff := cmp.Diff(all[0], all[1]); diff != "" {
		t.Errorf("uv and pip differ:\n%s", diff)
	}
	if joined := strings.Join(all[0], " "); !strings.Contains(joined, "idna==3.7") || !strings.Contains(joined, "six==1.16.0") || strings.Contains(joined, "pip==") {
		t.Errorf("frozen: %v", all[0])
	}
	// A project of this machine, editable and not.
	dir := filepath.Join(t.TempDir(), "mine")
	write(t, filepath.Join(dir, "pyproject.toml"), "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n")
	write(t, filepath.Join(dir, "backend.py"), backend)
	python3 := filepath.Join(venv, "bin", "python")
	for _, how := range [][]string{{"-e", dir}, {dir}} {
		args := append([]string{"-m", "pip", "install", "-q", "--no-deps"}, how...)
		run(t, "", python3, args...)
		for _, installer := range []string{"uv", "pip"} {
			_, err := python.Freeze(context.Background(), tools, python.Installed{Installer: installer, Lookup: lookup, Dir: t.TempDir()})
			if err == nil || !strings.Contains(err.Error(), dir) {
				t.Errorf("%v, frozen by %s: %v", how, installer, err)
			}
		}
		run(t, "", python3, "-m", "pip", "uninstall", "-q", "-y", "mine-own")
	}
}
