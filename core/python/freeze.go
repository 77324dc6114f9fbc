package python

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/requirement"
)

// Installed is what is asked of the environment to freeze.
type Installed struct {
	Installer string                           // "uv" or "pip"
	Lookup    func(name string) (string, bool) // the caller's variables
	Dir       string                           // the folder to run in
}

// Frozen is the packages of an environment.
type Frozen struct {
	Lines    []string // name==version or name @ url, sorted
	Python   string   // the interpreter that was asked
	Warnings []string // each a sentence
}

// Freeze lists what is installed in the active environment: that of
// VIRTUAL_ENV, else of CONDA_PREFIX, else of the python3 in PATH. uv is asked
// if it is the installer and there is one, otherwise that Python's own pip.
//
// Packages installed from a file or folder of this machine are an error that
// names them, since no build has them. pip itself is left out.
func Freeze(ctx context.Context, r Runner, in Installed) (Frozen, error) {
	interpreter := interpreter(in.Lookup)
	var said []string
	if in.Installer != "pip" {
		stdout, stderr, err := r.Run(ctx, in.Dir, []string{"uv", "pip", "freeze", "--python", interpreter}, "NO_COLOR=1", "UV_PYTHON_DOWNLOADS=never")
		if err == nil {
			return frozen(string(stdout), interpreter)
		}
		if !errors.Is(err, exec.ErrNotFound) {
			said = append(said, exporter{}.said("uv pip freeze", stderr, err))
		}
	}
	if ctx.Err() == nil {
		stdout, stderr, err := r.Run(ctx, in.Dir, []string{interpreter, "-m", "pip", "freeze", "--all", "--disable-pip-version-check"}, "PYTHONIOENCODING=utf-8")
		if err == nil {
			return frozen(string(stdout), interpreter)
		}
		said = append(said, exporter{}.said(interpreter+" -m pip freeze", stderr, err))
	}
	if ctx.Err() != nil {
		return Frozen{}, fmt.Errorf("list the local Python environment: %w", ctx.Err())
	}
	return Frozen{}, diag.Fail(diag.ExportFailed, fmt.Errorf("list the packages of the local Python environment\n%s", strings.Join(said, "\n")),
		"activate the environment that has the packages, and see that uv or pip is in it")
}

func interpreter(lookup func(string) (string, bool)) string {
	if lookup != nil {
		for _, name := range []string{"VIRTUAL_ENV", "CONDA_PREFIX"} {
			if folder, ok := lookup(name); ok && folder != "" {
				return filepath.Join(folder, "bin", "python")
			}
		}
	}
	return "python3"
}

// frozen reads what freeze printed.
func frozen(text, interpreter string) (Frozen, error) {
	out := Frozen{Python: interpreter}
	var all []requirement.Requirement
	var local, unread, labels []string
	conda := false
	before := ""
	for _, raw := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		line, err := requirement.ParseLine(raw)
		remark := before
		before = strings.TrimSpace(raw)
		switch {
		case err != nil:
			unread = append(unread, strings.TrimSpace(raw))
		case line.Kind == requirement.Blank:
		case line.Kind == requirement.Editable:
			local = append(local, editableName(line, remark))
		case line.Kind != requirement.Required:
			unread = append(unread, strings.TrimSpace(raw))
		case line.Requirement.Local():
			conda = conda || fromConda(line.Requirement.URL)
			local = append(local, fmt.Sprintf("%s (%s)", line.Requirement.Name, requirement.Redacted(line.Requirement.URL+line.Requirement.Path)))
		case line.Requirement.Name == "pip":
		default:
			all = append(all, line.Requirement)
			if pin, ok := line.Requirement.Specifiers.Pin(); ok && strings.Contains(pin, "+") {
				labels = append(labels, line.Requirement.Name+"=="+pin)
			}
		}
	}
	switch {
	case conda:
		return Frozen{}, diag.Fail(diag.BadRequirement, fmt.Errorf("the local Python environment is conda's, whose packages no index has:\n    %s", strings.Join(local, "\n    ")),
			"write the requirements into a file, such as from `pip list --format=freeze`, and use requirements instead of replicate_local_python_environment")
	case len(local) > 0:
		return Frozen{}, diag.Fail(diag.BadRequirement, fmt.Errorf("the local Python environment has packages from files of this machine, which the build does not have:\n    %s", strings.Join(local, "\n    ")),
			"install your own project in the image with local_project_install_command, such as `pip install .`, from an environment without it; or list the requirements in a file")
	case len(unread) > 0:
		return Frozen{}, diag.Fail(diag.BadRequirement, fmt.Errorf("the local Python environment has packages that cannot be asked for elsewhere:\n    %s", requirement.Redacted(strings.Join(unread, "\n    "))),
			"list the requirements in a file instead")
	}
	out.Lines = sorted(all)
	if len(labels) > 0 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("%s: a version with a label comes from an index of its own; name it in extra_index_urls", strings.Join(labels, ", ")))
	}
	return out, nil
}

// editableName is how a person knows an editable package: pip says its name
// in a comment on the line before, or in the URL.
func editableName(line requirement.Line, remark string) string {
	name := line.Requirement.Name
	if _, rest, found := strings.Cut(remark, "("); found && strings.HasPrefix(remark, "#") && name == "" {
		name = requirement.Name(strings.TrimSuffix(rest, ")"))
	}
	where := "editable, " + requirement.Redacted(line.Path)
	if name == "" {
		return where
	}
	return name + " (" + where + ")"
}

// fromConda reports whether a file URL is one that conda's own builds leave in
// packages: their folders exist nowhere.
func fromConda(url string) bool {
	for _, mark := range []string{"/croot/", "/feedstock_root/", "/conda-bld/", "/opt/concourse/"} {
		if strings.Contains(url, mark) {
			return true
		}
	}
	return false
}
