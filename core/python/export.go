package python

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/requirement"
)

// Exported is the requirements of a project.
type Exported struct {
	// Lines is the requirements, by name and in their normal form, with their
	// hashes. It has no comments and no path of this machine.
	Lines []string
	// Options is the options of a requirements file that go before them: the
	// package indexes of the project.
	Options  []string
	Tool     string   // what exported them, such as "uv export"
	Locked   bool     // they are what a lock says; otherwise what the index had today
	Warnings []string // each a sentence
}

// saidLines is how many of a failed tool's last lines are shown.
const saidLines = 12

// Export asks for the requirements of the project of a pyproject.toml, which is
// named itself or by its folder. With a
// command it is that argv, run in the project's folder, in whose arguments
// {directory} stands for that folder. Without one it is `uv export`, then
// `poetry export`; a project that has the lock of only one of them, or that
// only one can read, is that one's.
//
// The default commands write nothing into the project: without a lock they
// work in a copy of pyproject.toml, and with one that no longer fits the
// project they are an error. The command of a user may write what it wants.
func Export(ctx context.Context, r Runner, pyprojectPath string, command []string) (Exported, error) {
	if info, err := os.Stat(pyprojectPath); err == nil && info.IsDir() {
		pyprojectPath = filepath.Join(pyprojectPath, "pyproject.toml")
	}
	p, err := readPyproject(pyprojectPath)
	if err != nil {
		return Exported{}, err
	}
	path, err := filepath.Abs(pyprojectPath)
	if err != nil {
		return Exported{}, fmt.Errorf("find %s: %w", pyprojectPath, err)
	}
	e := exporter{ctx: ctx, runner: r, shown: pyprojectPath, dir: filepath.Dir(path), project: p}
	if len(command) > 0 {
		return e.command(command)
	}
	if !p.describes() {
		return Exported{}, diag.Fail(diag.BadRequirement, fmt.Errorf("%s has no [project] table, so it has no requirements", pyprojectPath),
			"name the pyproject.toml of a project, or use a requirements file")
	}
	return e.tools()
}

type exporter struct {
	ctx     context.Context
	runner  Runner
	shown   string // the pyproject.toml as the user names it
	dir     string
	project pyproject
}

// tool is one way to export.
type tool struct {
	name   string
	argv   []string
	env    []string
	locked bool
	lock   string   // the command that makes its lock
	before []string // what is run first where there is no lock
}

func (e exporter) uv(locked bool) tool {
	t := tool{name: "uv export", lock: "uv lock", locked: locked, argv: []string{
		"uv", "export", "--format", "requirements-txt", "--no-emit-project", "--no-header", "--no-annotate", "--no-dev",
	}, env: []string{"NO_COLOR=1", "UV_NO_PROGRESS=1", "UV_PYTHON_DOWNLOADS=never"}}
	if locked {
		t.argv = append(t.argv, "--frozen")
	}
	return t
}

func (e exporter) poetry(locked bool) tool {
	// What poetry says while it locks would be among the requirements.
	return tool{name: "poetry export", lock: "poetry lock", locked: locked, argv: []string{
		"poetry", "export", "--no-interaction", "--no-ansi", "--format", "requirements.txt",
	}, before: []string{"poetry", "lock", "--no-interaction", "--no-ansi"}, env: []string{"NO_COLOR=1", "POETRY_VIRTUALENVS_CREATE=false"}}
}

// order is the tools to try. A lock decides where only one tool has one: the
// other would choose other versions.
func (e exporter) order() ([]tool, error) {
	uvLock, err := e.uvLock()
	if err != nil {
		return nil, err
	}
	_, err = os.Stat(filepath.Join(e.dir, "poetry.lock"))
	poetryLock := err == nil
	switch {
	case e.project.poetryOnly(), poetryLock && uvLock == "":
		return []tool{e.poetry(poetryLock)}, nil
	case uvLock == "" && e.project.dynamic():
		// Its build backend may read any file of the project, and some find
		// no dependencies where the file is not there.
		return nil, diag.Fail(diag.ExportFailed, fmt.Errorf("export the requirements of %s: its dependencies are dynamic, and it has no lock that says them", e.shown),
			"run `uv lock` in "+filepath.Dir(e.shown)+", or say how to export in pyproject_export_command")
	case uvLock != "":
		return []tool{e.uv(true)}, e.fits(uvLock)
	case e.project.Project == nil: // dependency groups alone
		return []tool{e.uv(false)}, nil
	}
	return []tool{e.uv(false), e.poetry(false)}, nil
}

// uvLock is the path of the lock of the project, or of the workspace that it
// is part of; empty where there is none.
func (e exporter) uvLock() (string, error) {
	for dir := e.dir; ; dir = filepath.Dir(dir) {
		lock := filepath.Join(dir, "uv.lock")
		if _, err := os.Stat(lock); err == nil {
			if dir == e.dir {
				return lock, nil
			}
			root, err := readPyproject(filepath.Join(dir, "pyproject.toml"))
			if err != nil {
				return "", nil // a lock of something else
			}
			if root.Tool.UV["workspace"] != nil {
				return lock, nil
			}
		}
		if dir == filepath.Dir(dir) {
			return "", nil
		}
	}
}

// fits is an error where the lock is not that of the project as it is now.
func (e exporter) fits(lock string) error {
	text, err := os.ReadFile(lock)
	if err != nil {
		return unreadable(lock, err)
	}
	return checkLock(e.project, text)
}

func (e exporter) tools() (Exported, error) {
	all, err := e.order()
	if err != nil {
		return Exported{}, err
	}
	var said []string
	missing := 0
	for _, t := range all {
		stdout, stderr, err := e.run(t)
		if err == nil {
			return e.exported(t, stdout)
		}
		if e.ctx.Err() != nil {
			return Exported{}, fmt.Errorf("export the requirements of %s: %w", e.shown, e.ctx.Err())
		}
		if errors.Is(err, exec.ErrNotFound) {
			missing++
		}
		said = append(said, e.said(t.name, stderr, err))
	}
	hint := e.hint(all, missing)
	if all := strings.ReplaceAll(strings.Join(said, "\n"), `"`, ""); strings.Contains(all, "command export does not exist") {
		hint = "poetry exports with a plugin: install poetry-plugin-export beside it"
	}
	return Exported{}, diag.Fail(diag.ExportFailed, fmt.Errorf("export the requirements of %s: no tool could\n%s", e.shown, strings.Join(said, "\n")), hint)
}

func (e exporter) said(name string, stderr []byte, err error) string {
	if errors.Is(err, exec.ErrNotFound) {
		return "  " + name + ": the program is not installed"
	}
	text := "  " + name + ": " + cause(err)
	if last := lastLines(stderr, saidLines); last != "" {
		text += "\n" + last
	}
	return text
}

// cause is how a program ended, without what Programs says before it.
func cause(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.Error()
	}
	return err.Error()
}

func (e exporter) hint(all []tool, missing int) string {
	var names, locks []string
	for _, t := range all {
		program := t.argv[0]
		names = append(names, program)
		if !t.locked {
			locks = append(locks, t.lock)
		}
	}
	switch {
	case missing == len(all):
		return fmt.Sprintf("install %s, or say how to export in pyproject_export_command", strings.Join(names, " or "))
	case len(locks) > 0:
		return fmt.Sprintf("run `%s` in %s, which says more and whose lock is used then, or say how to export in pyproject_export_command", locks[0], filepath.Dir(e.shown))
	}
	return "fix what the tool says, or say how to export in pyproject_export_command"
}

// run runs a tool in the project where it has a lock, so that it writes
// nothing, and otherwise in a copy, where it may write its lock.
func (e exporter) run(t tool) (stdout, stderr []byte, err error) {
	if t.locked {
		return e.runner.Run(e.ctx, e.dir, t.argv, t.env...)
	}
	folder, err := os.MkdirTemp("", "stack-export-")
	if err != nil {
		return nil, nil, fmt.Errorf("make a copy of the project: %w", err)
	}
	defer os.RemoveAll(folder)
	for _, name := range []string{"pyproject.toml", "uv.toml", "poetry.toml", ".python-version"} {
		from := name
		if name == "pyproject.toml" {
			from = filepath.Base(e.shown)
		}
		data, err := os.ReadFile(filepath.Join(e.dir, from))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), data, 0o600)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("make a copy of the project: %w", err)
		}
	}
	if t.before != nil {
		stdout, stderr, err = e.runner.Run(e.ctx, folder, t.before, t.env...)
		stderr = append(stdout, stderr...)
	}
	if err == nil {
		stdout, stderr, err = e.runner.Run(e.ctx, folder, t.argv, t.env...)
	}
	real, linkErr := filepath.EvalSymlinks(folder)
	for _, name := range []string{folder, real} {
		if linkErr == nil && name != "" { // the user knows no copy
			stderr = []byte(strings.ReplaceAll(string(stderr), name, e.dir))
		}
	}
	return stdout, stderr, err
}

func (e exporter) exported(t tool, stdout []byte) (Exported, error) {
	out := Exported{Tool: t.name, Locked: t.locked}
	var err error
	if out.Options, out.Lines, err = normalLines(string(stdout), "`"+t.name+"`"); err != nil {
		return Exported{}, err
	}
	if t.argv[0] == "uv" {
		if err := e.indexes(&out); err != nil {
			return Exported{}, err
		}
	}
	if !t.locked {
		out.Warnings = append(out.Warnings, fmt.Sprintf(
			"%s has no lock, so its requirements are what the index has today; run `%s` to have the same ones tomorrow", e.shown, t.lock))
	}
	if lacks := e.project.lacks(); lacks != "" && len(out.Lines) == 0 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("%s: %s", e.shown, lacks))
	}
	out.Warnings = append(out.Warnings, mixed(out.Lines)...)
	return out, nil
}

// indexes puts the indexes of uv's settings before the requirements: what uv
// would print of them would have those of this machine's variables in it.
func (e exporter) indexes(out *Exported) error {
	table, err := uvTable(e.dir, e.project)
	if err != nil {
		return err
	}
	uv, err := requirement.ReadUV(table)
	if err != nil {
		return diag.Fail(diag.Syntax, fmt.Errorf("read uv's settings of %s: %w", e.shown, err), "")
	}
	var options []string
	add := func(name, value string) {
		options = append(options, requirement.Option{Name: name, Value: value}.String())
	}
	if uv.IndexURL != "" {
		add("--index-url", uv.IndexURL)
	}
	for _, url := range uv.ExtraIndexURLs {
		add("--extra-index-url", url)
	}
	for _, where := range uv.FindLinks {
		if !strings.Contains(where, "://") || strings.HasPrefix(where, "file:") {
			return diag.Fail(diag.BadRequirement, fmt.Errorf("find-links of %s names %q, a folder of this machine, which the build does not have", e.shown, where), "use an index or a URL")
		}
		add("--find-links", where)
	}
	out.Options = append(options, out.Options...)
	for _, what := range uv.CannotSay {
		if strings.HasPrefix(what, "index ") || strings.HasPrefix(what, "sources.") && strings.HasSuffix(what, "by index") {
			out.Warnings = append(out.Warnings, fmt.Sprintf("%s: a list of requirements cannot say %s; use uv_project, which installs with uv itself", e.shown, what))
		}
	}
	return nil
}

// mixed warns of hashes on some requirements only, which pip refuses.
func mixed(lines []string) []string {
	with, without := 0, []string{}
	for _, line := range lines {
		if strings.Contains(line, " --hash=") {
			with++
		} else {
			without = append(without, requirement.Name(line))
		}
	}
	if with == 0 || len(without) == 0 {
		return nil
	}
	slices.Sort(without)
	return []string{fmt.Sprintf("%s: no hash, while other requirements have one; pip refuses that, uv does not", strings.Join(without, ", "))}
}

// command runs the user's own command.
func (e exporter) command(command []string) (Exported, error) {
	argv := make([]string, len(command))
	for i, arg := range command {
		argv[i] = strings.ReplaceAll(arg, "{directory}", e.dir)
	}
	name := "`" + strings.Join(command, " ") + "`"
	stdout, stderr, err := e.runner.Run(e.ctx, e.dir, argv, "NO_COLOR=1", "UV_NO_PROGRESS=1")
	if e.ctx.Err() != nil {
		return Exported{}, fmt.Errorf("export the requirements of %s: %w", e.shown, e.ctx.Err())
	}
	if err != nil {
		return Exported{}, diag.Fail(diag.ExportFailed, fmt.Errorf("export the requirements of %s with pyproject_export_command\n%s", e.shown, e.said(name, stderr, err)),
			"run the command in "+filepath.Dir(e.shown)+" and fix what it says; it has to print a requirements file")
	}
	out := Exported{Tool: strings.Join(command, " ")}
	if out.Options, out.Lines, err = normalLines(string(stdout), name); err != nil {
		return Exported{}, err
	}
	out.Warnings = mixed(out.Lines)
	if len(out.Lines) == 0 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("%s printed no requirements", name))
	}
	return out, nil
}
