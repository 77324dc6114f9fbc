package python_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/python"
)

// answer is what a fake tool does.
type answer struct {
	stdout, stderr string
	err            error
	do             func(dir string) // what it does to the folder it is run in
}

// fake answers for programs by the beginning of their command line.
type fake struct {
	answers map[string]answer
	calls   []call
}

type call struct {
	dir  string
	argv []string
	env  []string
}

func (f *fake) Run(_ context.Context, dir string, argv []string, env ...string) ([]byte, []byte, error) {
	f.calls = append(f.calls, call{dir, argv, env})
	line := strings.Join(argv, " ")
	for begin, a := range f.answers {
		if strings.HasPrefix(line, begin) {
			if a.do != nil {
				a.do(dir)
			}
			return []byte(a.stdout), []byte(a.stderr), a.err
		}
	}
	return nil, nil, fmt.Errorf("find %s in PATH: %w", argv[0], exec.ErrNotFound)
}

func export(t *testing.T, f *fake, files map[string]string, command ...string) (python.Exported, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		write(t, filepath.Join(dir, name), text)
	}
	return python.Export(t.Context(), f, "", filepath.Join(dir, "pyproject.toml"), command)
}

const poetryProject = "[tool.poetry]\nname = \"a\"\n[tool.poetry.dependencies]\nidna = \"^3\"\n"

// TestExportChoosesTheTool is which tool is asked, where, and how.
func TestExportChoosesTheTool(t *testing.T) {
	plain := "[project]\nname = \"a\"\nversion = \"1\"\ndependencies = [\"idna\"]\n"
	lock := "version = 1\n[[package]]\nname = \"a\"\nsource = { virtual = \".\" }\n[package.metadata]\nrequires-dist = [{ name = \"idna\" }]\n"
	for name, test := range map[string]struct {
		files map[string]string
		tools []string // that are asked, in order, when none is there
		copy  bool
	}{
		"no lock":             {map[string]string{"pyproject.toml": plain}, []string{"uv export", "poetry lock"}, true},
		"uv.lock":             {map[string]string{"pyproject.toml": plain, "uv.lock": lock}, []string{"uv export"}, false},
		"poetry.lock":         {map[string]string{"pyproject.toml": plain, "poetry.lock": ""}, []string{"poetry export"}, false},
		"both locks":          {map[string]string{"pyproject.toml": plain, "uv.lock": lock, "poetry.lock": ""}, []string{"uv export"}, false},
		"only poetry's table": {map[string]string{"pyproject.toml": poetryProject}, []string{"poetry lock"}, true},
		"poetry's own lock":   {map[string]string{"pyproject.toml": poetryProject, "poetry.lock": ""}, []string{"poetry export"}, false},
		"groups alone":        {map[string]string{"pyproject.toml": "[dependency-groups]\na = [\"idna\"]\n"}, []string{"uv export"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{}
			dir := t.TempDir()
			for name, text := range test.files {
				write(t, filepath.Join(dir, name), text)
			}
			_, err := python.Export(t.Context(), f, "", filepath.Join(dir, "pyproject.toml"), nil)
			var failure *diag.Failure
			if !errors.As(err, &failure) || failure.Code != diag.ExportFailed || !strings.Contains(err.Error(), "not installed") || !strings.HasPrefix(failure.Hint, "install ") {
				t.Errorf("no tool is installed: %v", err)
			}
			var asked []string
			for _, c := range f.calls {
				asked = append(asked, strings.Join(c.argv[:2], " "))
				if (c.dir != dir) != test.copy {
					t.Errorf("%s runs in %s", c.argv[0], c.dir)
				}
				if frozen := slices.Contains(c.argv, "--frozen"); c.argv[0] == "uv" && frozen == test.copy {
					t.Errorf("uv is frozen: %v", frozen)
				}
				if test.copy {
					if _, err := os.Stat(c.dir); !errors.Is(err, os.ErrNotExist) {
						t.Errorf("the copy %s is still there", c.dir)
					}
				}
			}
			if !slices.Equal(asked, test.tools) {
				t.Errorf("asked %v, want %v", asked, test.tools)
			}
		})
	}
}

// TestExportLocksFirstWithPoetry is that what poetry prints while it locks is
// not taken for requirements, and that its lock stays in the copy.
func TestExportLocksFirstWithPoetry(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "pyproject.toml"), poetryProject)
	f := &fake{answers: map[string]answer{
		"poetry lock":   {stdout: "Resolving dependencies...\n", do: func(dir string) { write(t, filepath.Join(dir, "poetry.lock"), "") }},
		"poetry export": {stdout: "idna==3.7\n"},
	}}
	before := tree(t, dir)
	got, err := python.Export(t.Context(), f, "", dir, nil)
	if err != nil || !slices.Equal(got.Lines, []string{"idna==3.7"}) || got.Locked || len(got.Warnings) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
		t.Errorf("the project is changed:\n%s", diff)
	}
	f.answers["poetry lock"] = answer{stdout: "Because a depends on b, version solving failed.\n", err: errors.New("exit status 1")}
	if _, err := python.Export(t.Context(), f, "", dir, nil); err == nil || !strings.Contains(err.Error(), "version solving failed") {
		t.Errorf("poetry's own words are wanted: %v", err)
	}
}

func TestExportOfAWorkspaceMember(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "pyproject.toml"), "[tool.uv.workspace]\nmembers = [\"a\"]\n")
	write(t, filepath.Join(root, "uv.lock"), "version = 1\n[[package]]\nname = \"a\"\nsource = { virtual = \"a\" }\n")
	write(t, filepath.Join(root, "a", "pyproject.toml"), "[project]\nname = \"a\"\nversion = \"1\"\n")
	f := &fake{answers: map[string]answer{"uv export": {}}}
	got, err := python.Export(t.Context(), f, "", filepath.Join(root, "a", "pyproject.toml"), nil)
	if err != nil || !got.Locked || f.calls[0].dir != filepath.Join(root, "a") {
		t.Errorf("%+v, %v, %v", got, err, f.calls)
	}
}

func TestExportReadsWhatToolsPrint(t *testing.T) {
	files := map[string]string{"pyproject.toml": poetryProject, "poetry.lock": ""}
	hash := strings.Repeat("0a", 32)
	f := &fake{answers: map[string]answer{"poetry export": {stderr: "Warning: poetry-plugin-export", stdout: "# made by /home/me\n" +
		"--extra-index-url https://e.org/simple\n\nSix[b,A]==1.16.0 ; python_version >= '3.10' \\\n    --hash=sha256:" + hash + " \\\n    --hash=sha256:" + strings.Repeat("00", 32) + "\n    # via nothing\n" +
		"idna==3.7 # why\nidna==3.7\n"}}}
	got, err := export(t, f, files)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"idna==3.7",
		`six[a,b]==1.16.0 ; python_version >= "3.10" --hash=sha256:` + strings.Repeat("00", 32) + " --hash=sha256:" + hash,
	}
	if !slices.Equal(got.Lines, want) || !slices.Equal(got.Options, []string{"--extra-index-url=https://e.org/simple"}) || !got.Locked || got.Tool != "poetry export" {
		t.Errorf("got %q of %+v", got.Lines, got)
	}
	if len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "idna: no hash") {
		t.Errorf("warnings %q", got.Warnings)
	}
}

func TestExportRefusesWhatNoBuildHas(t *testing.T) {
	for output, want := range map[string]string{
		"idna\n-e file:///home/me/churn\n":             `line 2 of the output of ` + "`x y`" + `, "-e file:///home/me/churn", is an editable install`,
		"idna\n# c\n\nchurn @ file:///home/me/churn\n": `line 4`,
		"./lib\n":                              "is a file or folder of this machine",
		"/home/me/a-1.whl\n":                   "is a file or folder of this machine",
		"-r more.txt\n":                        "names another file",
		"--find-links /home/me\nidna\n":        "names a folder of this machine",
		"--find-links file:///home/me\nidna\n": "names a folder of this machine",
		"Resolving dependencies...\n":          "is not one of a requirements file",
		"idna=3\n":                             "is not one of a requirements file",
	} {
		f := &fake{answers: map[string]answer{"x y": {stdout: output}}}
		_, err := export(t, f, map[string]string{"pyproject.toml": ""}, "x", "y")
		var failure *diag.Failure
		if !errors.As(err, &failure) || failure.Code != diag.BadRequirement || !strings.Contains(err.Error(), want) || failure.Hint == "" {
			t.Errorf("%q: %v, want %s", output, err, want)
		}
	}
}

func TestExportByCommand(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "pyproject.toml"), "[tool.pdm]\n")
	f := &fake{answers: map[string]answer{"pdm": {stdout: "b\na\n"}}}
	got, err := python.Export(t.Context(), f, "", filepath.Join(dir, "pyproject.toml"), []string{"pdm", "export", "--project={directory}", "{directory}"})
	if err != nil || !slices.Equal(got.Lines, []string{"a", "b"}) {
		t.Fatalf("%+v, %v", got, err)
	}
	if want := []string{"pdm", "export", "--project=" + dir, dir}; !slices.Equal(f.calls[0].argv, want) || f.calls[0].dir != dir {
		t.Errorf("ran %v", f.calls)
	}
	if strings.Contains(got.Tool, dir) {
		t.Errorf("the tool's name has a path of this machine: %s", got.Tool)
	}
}

func TestExportShowsWhatEachToolSaid(t *testing.T) {
	f := &fake{answers: map[string]answer{
		"uv":     {err: errors.New("run uv: exit status 2"), stderr: strings.Repeat("noise\n", 50) + "error: no such thing at https://me:s3cret@e.org/simple\r\n"},
		"poetry": {err: errors.New("run poetry: exit status 1"), stderr: "poetry.lock is missing\n"},
	}}
	_, err := export(t, f, map[string]string{"pyproject.toml": "[project]\nname = \"a\"\ndependencies = [\"b\"]\n"})
	var failure *diag.Failure
	if !errors.As(err, &failure) || !strings.Contains(failure.Hint, "uv lock") {
		t.Fatalf("%v", err)
	}
	for _, want := range []string{"uv export: run uv: exit status 2", "error: no such thing at https://…@e.org/simple", "poetry export: run poetry", "poetry.lock is missing"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "s3cret") || strings.Count(err.Error(), "noise") > 12 {
		t.Errorf("too much is shown:\n%v", err)
	}
}

func TestExportNamesPoetrysPlugin(t *testing.T) {
	for _, said := range []string{"\nThe requested command export does not exist.\n", "\nThe command \"export\" does not exist.\n"} { // of poetry 2 and 1
		f := &fake{answers: map[string]answer{"poetry": {err: errors.New("exit status 1"), stderr: said}}}
		_, err := export(t, f, map[string]string{"pyproject.toml": poetryProject, "poetry.lock": ""})
		var failure *diag.Failure
		if !errors.As(err, &failure) || !strings.Contains(failure.Hint, "poetry-plugin-export") {
			t.Errorf("%v", err)
		}
	}
}

func TestExportRefusesProjects(t *testing.T) {
	for text, want := range map[string]string{
		"[tool.ruff]\n":       "has no [project] table",
		"[project\n":          "pyproject.toml:1:9",
		"[project]\nname=1\n": "read ",
		"[project]\nname = \"a\"\ndynamic = [\"dependencies\"]\n": "its dependencies are dynamic",
	} {
		if _, err := export(t, &fake{}, map[string]string{"pyproject.toml": text}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	for written, want := range map[string]string{"nope.toml": `"nope.toml"`, "none/a.toml": `"none/a.toml"`, ".": `"pyproject.toml"`} {
		_, err := python.Export(t.Context(), &fake{}, t.TempDir(), written, nil)
		var failure *diag.Failure
		if !errors.As(err, &failure) || failure.Code != diag.FileUnreadable || err.Error() != "cannot read the project "+want+": no such file or directory" {
			t.Errorf("a file that is not there: %v", err)
		}
	}
}

// TestExportHidesCredentials is that a user's command is shown without them,
// whatever is wrong with it.
func TestExportHidesCredentials(t *testing.T) {
	command := []string{"tool", "--index", "https://me:s3cret@e.org/simple"}
	for name, a := range map[string]answer{
		"it fails":         {err: errors.New("run tool: exit status 1"), stderr: "no answer from https://me:s3cret@e.org/simple\n"},
		"not requirements": {stdout: "no requirement at all\n"},
		"nothing":          {},
	} {
		got, err := export(t, &fake{answers: map[string]answer{"tool": a}}, map[string]string{"pyproject.toml": ""}, command...)
		if text := fmt.Sprintf("%v %+v", err, got); strings.Contains(text, "s3cret") || !strings.Contains(text, "tool --index https://…@e.org/simple") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// TestExportKeepsIndexes is that a project's own indexes go with its
// requirements, and those of this machine's variables do not.
func TestExportKeepsIndexes(t *testing.T) {
	text := `[project]
name = "a"
dependencies = ["idna"]
[[tool.uv.index]]
url = "https://e.org/simple"
default = true
[[tool.uv.index]]
url = "https://f.org/simple"
[[tool.uv.index]]
name = "torch"
url = "https://g.org/cu128"
explicit = true
`
	f := &fake{answers: map[string]answer{"uv export": {stdout: "idna==3.7\n", do: func(dir string) {
		write(t, filepath.Join(dir, "uv.lock"), "")
	}}}}
	got, err := export(t, f, map[string]string{"pyproject.toml": text})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"--index-url=https://e.org/simple", "--extra-index-url=https://f.org/simple"}; !slices.Equal(got.Options, want) || !slices.Equal(got.Lines, []string{"idna==3.7"}) {
		t.Errorf("got %+v", got)
	}
	if len(got.Warnings) != 2 || !strings.Contains(strings.Join(got.Warnings, "\n"), `index "torch"`) {
		t.Errorf("warnings %q", got.Warnings)
	}
	if slices.ContainsFunc(f.calls[0].argv, func(a string) bool { return strings.HasPrefix(a, "--emit") }) {
		t.Errorf("uv is asked for its indexes: %v", f.calls[0].argv)
	}
}

func TestExportIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	dir := t.TempDir()
	write(t, filepath.Join(dir, "pyproject.toml"), "[project]\nname = \"a\"\ndependencies = [\"b\"]\n")
	f := &fake{answers: map[string]answer{"uv": {err: errors.New("killed"), do: func(string) { cancel() }}}}
	_, err := python.Export(ctx, f, "", filepath.Join(dir, "pyproject.toml"), nil)
	if !errors.Is(err, context.Canceled) || len(f.calls) != 1 {
		t.Errorf("%v after %d calls", err, len(f.calls))
	}
}
