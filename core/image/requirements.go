package image

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/requirement"
)

// requirementsFile is a requirements file as it goes into a build: without
// comments, each requirement on one line, the files it includes renamed to
// those beside it.
type requirementsFile struct {
	name  string
	lines []string
}

func (f requirementsFile) content() string { return strings.Join(f.lines, "\n") + "\n" }

// requirementsReader reads requirements and the files that they include.
type requirementsReader struct {
	root      string
	variables []string // that the build sets
	files     []requirementsFile
	names     map[string]string // absolute path → name of the file in the build
	open      map[string]bool   // absolute paths of those being read
	found     diag.List
}

// readRequirements reads r, whose files are relative to root. at says where
// the setting, or an item of it, was written. variables are those that the
// build sets, which URLs can have in them.
func readRequirements(r Requirements, root string, variables []string, at func(item int) diag.Range) ([]requirementsFile, diag.List) {
	reader := &requirementsReader{root: root, variables: variables, names: map[string]string{}, open: map[string]bool{}}
	if r.File != "" {
		reader.include(absolute(root, r.File), r.File, at(-1))
		return reader.files, reader.found
	}
	if len(r.lines) > 0 {
		reader.files = []requirementsFile{{name: "requirements.txt"}}
		for _, text := range r.lines {
			if line, ok := reader.line(text, reader.root, at(-1)); ok {
				reader.files[0].lines = append(reader.files[0].lines, line)
			}
		}
		return reader.files, reader.found
	}
	if len(r.Items) == 0 {
		return nil, nil
	}
	// The list is a file of its own, the first one.
	reader.files = append(reader.files, requirementsFile{name: "requirements.txt"})
	var lines []string
	for i, item := range r.Items {
		line, ok := reader.item(item, at(i))
		if ok {
			lines = append(lines, line)
		}
	}
	reader.files[0].lines = lines
	return reader.files, reader.found
}

func (r *requirementsReader) problem(at diag.Range, code diag.Code, format string, args ...any) *diag.Diagnostic {
	r.found = append(r.found, withRange(diag.New(code, format, args...), at))
	return &r.found[len(r.found)-1]
}

// item reads one entry of a list.
func (r *requirementsReader) item(item string, at diag.Range) (string, bool) {
	text := strings.TrimSpace(item)
	switch {
	case text == "":
		r.problem(at, diag.BadRequirement, "the requirement is empty")
		return "", false
	case strings.ContainsFunc(text, isControl) || !utf8.ValidString(text):
		r.problem(at, diag.BadRequirement, "the requirement %q has control characters in it", item)
		return "", false
	}
	line, ok := r.parsed(text, at)
	switch {
	case !ok || line.Kind == requirement.Blank:
		return "", false
	case line.Kind == requirement.Options:
		r.problem(at, diag.BadRequirement, "options such as %q cannot be in a list of requirements", line.Options[0].Name).Suggestion =
			"use index_url, extra_index_urls, pre or python_package_installer_args, or a requirements file"
		return "", false
	}
	return r.entry(line, text, r.root, at)
}

// parsed is text as a line of a requirements file.
func (r *requirementsReader) parsed(text string, at diag.Range) (requirement.Line, bool) {
	if secret := secretIn(text); secret != "" {
		r.problem(at, diag.SecretInPlain, "the requirement holds %s", secret).Suggestion =
			"write ${NAME} in its place, and name NAME in build_secrets"
		return requirement.Line{}, false
	}
	for _, name := range variablesOf(text) {
		if !slices.Contains(r.variables, name) {
			r.problem(at, diag.UnsetVariable, "nothing sets the variable %s of the requirement during the build", name).Suggestion =
				"name it in build_secrets, or set it in environment"
			return requirement.Line{}, false
		}
	}
	line, err := requirement.ParseLine(text)
	if err != nil {
		d := r.problem(at, diag.BadRequirement, "%q is not a requirement: %v", text, err)
		var wrong *requirement.Error
		if errors.As(err, &wrong) {
			d.Summary = fmt.Sprintf("%q is not a PEP 508 requirement: %s", text, wrong.Message)
			d.Suggestion = wrong.Suggestion()
		}
		if d.Suggestion == "" {
			d.Detail = "Such as torch>=2.6, pandas[parquet]==2.3.1 or name @ https://…/name-1.0-py3-none-any.whl."
		}
		return line, false
	}
	return line, true
}

// entry is a line as it goes into the build; folder is where its paths start.
func (r *requirementsReader) entry(line requirement.Line, text, folder string, at diag.Range) (string, bool) {
	switch line.Kind {
	case requirement.Blank:
		return "", false
	case requirement.Include, requirement.Constraint:
		abs := absolute(folder, line.Path)
		name := r.include(abs, r.shown(abs, line.Path), at)
		return map[requirement.Kind]string{requirement.Include: "-r ", requirement.Constraint: "-c "}[line.Kind] + name, name != ""
	case requirement.Editable:
		d := r.problem(at, diag.BadRequirement, "%q is editable, and an image has nothing to edit", text)
		d.Suggestion = "to install the source itself, set local_project_install_command: pip install -e ."
		if line.Requirement.VCS() != "" {
			d.Suggestion = "leave -e away"
		}
		return "", false
	case requirement.Options:
		return text, r.options(line.Options, at)
	}
	if line.Requirement.Local() {
		r.problem(at, diag.BadRequirement, "the requirement %q is a file or folder of this machine, which the build does not have", text).Suggestion =
			"copy it with copy, and install it with commands"
		return "", false
	}
	return text, true
}

// options refuses those that name something of this machine; the others are
// the installer's own business.
func (r *requirementsReader) options(all []requirement.Option, at diag.Range) bool {
	for _, o := range all {
		if o.Name == "--find-links" && (!strings.Contains(o.Value, "://") || strings.HasPrefix(o.Value, "file:")) {
			r.problem(at, diag.BadRequirement, "%s names a folder of this machine, which the build does not have", o.Name)
			return false
		}
	}
	return true
}

// shown is how errors name the file at abs, which another file names as written:
// from the source root, as the flow's own paths are.
func (r *requirementsReader) shown(abs, written string) string {
	if filepath.IsAbs(written) || strings.Contains(written, "://") {
		return written
	}
	if short, err := filepath.Rel(r.root, abs); err == nil {
		return short
	}
	return written
}

// include reads the file at abs and gives the name it has in the build.
func (r *requirementsReader) include(abs, shown string, at diag.Range) string {
	if strings.Contains(shown, "://") {
		r.problem(at, diag.BadRequirement, "requirements cannot be read from the URL %q", redacted(shown)).Suggestion = "use a file, so that the image's key covers what is in it"
		return ""
	}
	if r.open[abs] {
		return "" // it includes itself, which adds nothing, and which pip follows for ever
	}
	if name, ok := r.names[abs]; ok {
		return name
	}
	data, err := os.ReadFile(abs)
	if err != nil {
		d := r.problem(at, diag.FileUnreadable, "cannot read the requirements file %q: %v", shown, cause(err))
		if _, err := requirement.Parse(shown); err == nil && !strings.ContainsAny(shown, "/") && !strings.HasSuffix(shown, ".txt") {
			d.Suggestion = "to install a package of this name, write a list: [" + shown + "]"
		}
		return ""
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		r.problem(at, diag.BadRequirement, "the requirements file %q is not UTF-8 text", shown)
		return ""
	}
	name := "requirements.txt"
	if len(r.files) > 0 {
		name = fmt.Sprintf("requirements-%d.txt", len(r.files))
	}
	r.names[abs] = name
	r.open[abs] = true
	defer delete(r.open, abs)
	index := len(r.files)
	r.files = append(r.files, requirementsFile{name: name})
	var lines []string
	for _, l := range logicalLines(string(data)) {
		place := diag.Range{File: shown, Line: l.number, Column: 1}
		if line, ok := r.line(l.text, abs, place); ok {
			lines = append(lines, line)
		}
	}
	r.files[index].lines = lines
	return name
}

// line reads one line of the file at abs.
func (r *requirementsReader) line(text, abs string, at diag.Range) (string, bool) {
	line, ok := r.parsed(text, at)
	if !ok {
		return "", false
	}
	return r.entry(line, text, filepath.Dir(abs), at)
}

// withoutHashes is a requirement as people know it.
func withoutHashes(line string) string {
	text, _, _ := strings.Cut(line, " --hash")
	return text
}

func absolute(root, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(root, path)
}
