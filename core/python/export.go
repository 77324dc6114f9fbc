package python

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
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

// Export asks for the requirements of the project of a pyproject.toml, which is
// named itself or by its folder, as a path that starts at root and that errors
// show. With a command it is that argv, run in the project's folder, in whose
// arguments {directory} stands for that folder. Without one it is `uv export`,
// then `poetry export`; a project that has the lock of only one of them, or
// that only one can read, is that one's.
//
// The default commands write nothing into the project: without a lock they
// work in a copy of pyproject.toml, and with one that no longer fits the
// project they are an error. The command of a user may write what it wants.
func Export(ctx context.Context, r Runner, root, shown string, command []string) (Exported, error) {
	path := shown
	if !filepath.IsAbs(path) {
		path = filepath.Join(root, path)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return Exported{}, fmt.Errorf("find %s: %w", shown, err)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path, shown = filepath.Join(path, "pyproject.toml"), filepath.Join(shown, "pyproject.toml")
	}
	p, err := readPyproject(path, shown)
	if err != nil {
		return Exported{}, err
	}
	e := exporter{ctx: ctx, runner: r, shown: shown, dir: filepath.Dir(path), project: p}
	if len(command) > 0 {
		return e.command(command)
	}
	if !p.describes() {
		return Exported{}, diag.Fail(diag.BadRequirement, fmt.Errorf("%s has no [project] table, so it has no requirements", shown),
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

// folder is how a hint names the project's folder.
func (e exporter) folder() string { return "the folder of " + e.shown }

// order is the tools to try. A lock decides where only one tool has one: the
// other would choose other versions.
func (e exporter) order() ([]tool, error) {
	uvLock := e.uvLock()
	_, err := os.Stat(filepath.Join(e.dir, "poetry.lock"))
	poetryLock := err == nil
	switch {
	case e.project.poetryOnly(), poetryLock && uvLock == "":
		return []tool{e.poetry(poetryLock)}, nil
	case uvLock == "" && e.project.dynamic():
		// Its build backend may read any file of the project, and some find
		// no dependencies where the file is not there.
		return nil, diag.Fail(diag.ExportFailed, fmt.Errorf("export the requirements of %s: its dependencies are dynamic, and it has no lock that says them", e.shown),
			"run `uv lock` in "+e.folder()+", or say how to export in pyproject_export_command")
	case uvLock != "":
		return []tool{e.uv(true)}, e.fits(uvLock)
	case e.project.Project == nil: // dependency groups alone
		return []tool{e.uv(false)}, nil
	}
	return []tool{e.uv(false), e.poetry(false)}, nil
}

// uvLock is the path of the lock of the project, or of the workspace that it
// is part of; empty where there is none.
func (e exporter) uvLock() string {
	for dir := e.dir; ; dir = filepath.Dir(dir) {
		lock := filepath.Join(dir, "uv.lock")
		if _, err := os.Stat(lock); err == nil {
			if dir == e.dir {
				return lock
			}
			at := filepath.Join(dir, "pyproject.toml")
			root, err := readPyproject(at, at)
			if err != nil {
				return "" // a lock of something else
			}
			if root.Tool.UV["workspace"] != nil {
				return lock
			}
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

// fits is an error where the lock is not that of the project as it is now.
func (e exporter) fits(lock string) error {
	text, err := os.ReadFile(lock)
	if err != nil {
		return unreadable("the lock", lock, err)
	}
	return checkLock(e.project, text)
}

// command runs the user's own command.
func (e exporter) command(command []string) (Exported, error) {
	argv := make([]string, len(command))
	for i, arg := range command {
		argv[i] = strings.ReplaceAll(arg, "{directory}", e.dir)
	}
	line := requirement.Redacted(strings.Join(command, " "))
	name := "`" + line + "`"
	stdout, stderr, err := e.runner.Run(e.ctx, e.dir, argv, "NO_COLOR=1", "UV_NO_PROGRESS=1")
	if e.ctx.Err() != nil {
		return Exported{}, fmt.Errorf("export the requirements of %s: %w", e.shown, e.ctx.Err())
	}
	if err != nil {
		return Exported{}, diag.Fail(diag.ExportFailed, fmt.Errorf("export the requirements of %s with pyproject_export_command\n%s", e.shown, e.said(name, stderr, err)),
			"run the command in "+e.folder()+" and fix what it says; it has to print a requirements file")
	}
	out := Exported{Tool: line}
	if out.Options, out.Lines, err = normalLines(string(stdout), name); err != nil {
		return Exported{}, err
	}
	out.Warnings = mixed(out.Lines)
	if len(out.Lines) == 0 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("%s printed no requirements", name))
	}
	return out, nil
}
