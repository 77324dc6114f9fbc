package python

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/stackrun/stack/core/diag"
)

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

// saidLines is how many of a failed tool's last lines are shown.
const saidLines = 12

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
		return fmt.Sprintf("run `%s` in %s, which says more and whose lock is used then, or say how to export in pyproject_export_command", locks[0], e.folder())
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
	defer func() { _ = os.RemoveAll(folder) }() // a temporary folder that stays is no reason to fail
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
