package image

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/stackrun/stack/core/diag"
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
	root  string
	files []requirementsFile
	names map[string]string // absolute path → name of the file in the build
	found diag.List
}

// readRequirements reads r, whose files are relative to root. at says where
// the setting, or an item of it, was written.
func readRequirements(r Requirements, root string, at func(item int) diag.Range) ([]requirementsFile, diag.List) {
	reader := &requirementsReader{root: root, names: map[string]string{}}
	if r.File != "" {
		reader.include(absolute(root, r.File), r.File, at(-1))
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
	if option, file, ok := includeOf(text); ok {
		name := r.include(absolute(r.root, file), file, at)
		return option + " " + name, name != ""
	}
	switch {
	case text == "":
		r.problem(at, diag.BadRequirement, "the requirement is empty")
		return "", false
	case strings.ContainsFunc(text, isControl) || !utf8.ValidString(text):
		r.problem(at, diag.BadRequirement, "the requirement %q has control characters in it", item)
		return "", false
	case editable(text):
		r.problem(at, diag.NotBuiltYet, "an editable requirement cannot be installed by this version of stack")
		return "", false
	case text[0] == '-':
		r.problem(at, diag.BadRequirement, "options such as %q cannot be in a list of requirements", firstWord(text)).Suggestion =
			"use index_url, extra_index_urls, pre or python_package_installer_args, or a requirements file"
		return "", false
	}
	return text, r.requirement(text, at)
}

// include reads the file at abs and gives the name it has in the build.
func (r *requirementsReader) include(abs, shown string, at diag.Range) string {
	if strings.Contains(shown, "://") {
		r.problem(at, diag.BadRequirement, "requirements cannot be read from the URL %q", redacted(shown)).Suggestion = "use a file, so that the image's key covers what is in it"
		return ""
	}
	if name, ok := r.names[abs]; ok {
		return name
	}
	data, err := os.ReadFile(abs)
	if err != nil {
		r.problem(at, diag.FileUnreadable, "cannot read the requirements file %q: %v", shown, cause(err))
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
	if option, file, ok := includeOf(text); ok {
		name := r.include(absolute(filepath.Dir(abs), file), file, at)
		return option + " " + name, name != ""
	}
	if editable(text) {
		r.problem(at, diag.NotBuiltYet, "an editable requirement cannot be installed by this version of stack")
		return "", false
	}
	if secretURL(text) {
		r.problem(at, diag.SecretInPlain, "the requirements file has credentials in a URL").Suggestion =
			"take them out; the build cannot use build_secrets in this version of stack"
		return "", false
	}
	if text[0] == '-' {
		return r.option(text, at)
	}
	return text, r.requirement(text, at)
}

// option reads a line of options, which are the installer's own business
// unless they name something of this machine.
func (r *requirementsReader) option(text string, at diag.Range) (string, bool) {
	name := strings.FieldsFunc(text, func(c rune) bool { return c == ' ' || c == '=' || c == '\t' })[0]
	if name == "-f" || name == "--find-links" {
		value := strings.TrimSpace(strings.TrimLeft(strings.TrimPrefix(text, name), " =\t"))
		if !strings.Contains(value, "://") || strings.HasPrefix(value, "file:") {
			r.problem(at, diag.BadRequirement, "%s names a folder of this machine, which the build does not have", name)
			return "", false
		}
	}
	return text, true
}

// requirement reports whether text is one that a build can install.
func (r *requirementsReader) requirement(text string, at diag.Range) bool {
	if secretURL(text) {
		r.problem(at, diag.SecretInPlain, "the requirement has credentials in its URL").Suggestion =
			"take them out; the build cannot use build_secrets in this version of stack"
		return false
	}
	if localRequirement(text) {
		r.problem(at, diag.BadRequirement, "the requirement %q is a file or folder of this machine, which the build does not have", text)
		return false
	}
	if !pep508().MatchString(text) && !urlRequirement().MatchString(text) {
		r.problem(at, diag.BadRequirement, "%q is not a PEP 508 requirement", text).Detail = "Such as torch>=2.6, pandas[parquet]==2.3.1 or name @ https://…/name-1.0-py3-none-any.whl."
		return false
	}
	return true
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
