package image

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
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
	if !pep508.MatchString(text) && !urlRequirement.MatchString(text) {
		r.problem(at, diag.BadRequirement, "%q is not a PEP 508 requirement", text).Detail = "Such as torch>=2.6, pandas[parquet]==2.3.1 or name @ https://…/name-1.0-py3-none-any.whl."
		return false
	}
	return true
}

// PEP 508 in its shape: a name, extras, then versions or "@ url", then a
// marker and options such as --hash. What the parts mean is the installer's.
var (
	pep508 = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\s*(\[[A-Za-z0-9._, \t-]*\])?\s*` +
		`(@\s*[A-Za-z][A-Za-z0-9+.-]*:\S+|\(?\s*((===|~=|==|!=|<=|>=|<|>)\s*[A-Za-z0-9.*+!_-]+\s*,?\s*)+\)?)?` +
		`(\s*;[^;]+)?(\s+--(hash|config-settings?|global-option)[= ]\S+)*\s*$`)
	urlRequirement = regexp.MustCompile(`^((git|hg|svn|bzr)\+)?[a-z]+://\S+(\s*;.+)?(\s+--hash[= ]\S+)*$`)
)

// logicalLine is a line with its continuations.
type logicalLine struct {
	number int
	text   string
}

// logicalLines reads a requirements file as pip does: a backslash at the end
// joins lines, "#" at the start or after a space begins a comment.
func logicalLines(text string) []logicalLine {
	var all []logicalLine
	joined, start := "", 0
	for i, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if start == 0 {
			start = i + 1
		}
		comment := strings.HasPrefix(strings.TrimSpace(line), "#")
		if !comment && strings.HasSuffix(line, `\`) {
			joined += strings.TrimSuffix(line, `\`)
			continue
		}
		joined += line
		if at := commentStart.FindStringIndex(joined); at != nil {
			joined = joined[:at[0]]
		}
		if t := strings.Join(strings.Fields(joined), " "); t != "" {
			all = append(all, logicalLine{start, t})
		}
		joined, start = "", 0
	}
	if t := strings.Join(strings.Fields(joined), " "); t != "" {
		all = append(all, logicalLine{start, t})
	}
	return all
}

var commentStart = regexp.MustCompile(`(^|\s)#`)

var includeOption = regexp.MustCompile(`^(-r|--requirement|-c|--constraint)(\s*=\s*|\s+|)(\S.*)$`)

// includeOf reads "-r FILE" or "-c FILE" in any of their spellings.
func includeOf(text string) (option, file string, ok bool) {
	m := includeOption.FindStringSubmatch(text)
	if m == nil || m[2] == "" && strings.HasPrefix(m[1], "--") {
		return "", "", false
	}
	option = "-r"
	if strings.HasPrefix(strings.TrimLeft(m[1], "-"), "c") {
		option = "-c"
	}
	return option, strings.Trim(m[3], `"'`), true
}

func editable(text string) bool {
	return text == "-e" || strings.HasPrefix(text, "-e ") || strings.HasPrefix(text, "-e=") || strings.HasPrefix(text, "--editable")
}

// localRequirement reports whether text names a file or a folder.
func localRequirement(text string) bool {
	_, target, isURL := strings.Cut(text, "@ ")
	if !isURL {
		target = text
	}
	if strings.HasPrefix(target, "file:") || strings.HasPrefix(text, ".") || strings.HasPrefix(text, "/") || strings.HasPrefix(text, "~") {
		return true
	}
	if strings.Contains(text, "://") {
		return false
	}
	first := firstWord(text)
	return strings.ContainsRune(first, '/') || strings.HasSuffix(first, ".whl") || strings.HasSuffix(first, ".tar.gz") || strings.HasSuffix(first, ".zip")
}

func firstWord(text string) string {
	word, _, _ := strings.Cut(text, " ")
	word, _, _ = strings.Cut(word, "=")
	return word
}

var nameShape = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?`)

// splitRequirement is the name with extras, and the rest without spaces.
func splitRequirement(text string) (name, rest string) {
	name = nameShape.FindString(text)
	rest = strings.TrimSpace(text[len(name):])
	if strings.HasPrefix(rest, "[") {
		if end := strings.IndexByte(rest, ']'); end > 0 {
			name, rest = name+rest[:end+1], strings.TrimSpace(rest[end+1:])
		}
	}
	return name, strings.ReplaceAll(rest, " ", "")
}

// normalized is the name of a requirement as PEP 503 compares names; a line
// that has none is itself.
func normalized(text string) string {
	if name := requirement.Name(text); name != "" {
		return name
	}
	return text
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
