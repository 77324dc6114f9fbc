// Package requirement reads Python requirements: names as PEP 503 compares
// them, versions of PEP 440, requirements and markers of PEP 508, lines of
// requirements files, and the metadata that a script has in it by PEP 723.
//
// It says what is written and whether two requirements can hold at once, never
// whether a package exists; that is the installer's business. It reads no file
// and asks nobody. Whatever it is given, it answers with a value or an error
// that says where the text goes wrong. Two requirements are about one package
// when their names here are equal.
package requirement

import (
	"net/url"
	"path"
	"strings"
)

// NormalizeName is a package's name as PEP 503 compares names: lower case, each
// run of "-", "_" and "." one "-".
func NormalizeName(name string) string {
	var b strings.Builder
	name = strings.TrimSpace(name)
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case separator(c):
			if i+1 < len(name) && separator(name[i+1]) {
				continue
			}
			c = '-'
		}
		b.WriteByte(c)
	}
	return b.String()
}

func separator(c byte) bool { return c == '-' || c == '_' || c == '.' }

// nameAtStart is the name that text begins with, or empty.
func nameAtStart(text string) string { return (&scanner{text: text}).identifier() }

func wholeName(text string) bool { return text != "" && nameAtStart(text) == text }

// nameOfSource is the name in the file name of a source archive, such as
// name-1.0.tar.gz; empty where it has none.
func nameOfSource(file string) string {
	for _, ending := range []string{".tar.gz", ".tgz", ".tar.bz2", ".zip"} {
		stem, ok := strings.CutSuffix(file, ending)
		if at := strings.LastIndexByte(stem, '-'); ok && at > 0 && at+1 < len(stem) && digit(stem[at+1]) {
			return stem[:at]
		}
	}
	return ""
}

// Name is the normalised name of the package that a line of requirements
// means, or empty where the line does not say: options such as "-r FILE", and
// URLs without a name in them.
//
// It reads `name[extra]>=1; marker`, `name @ URL`, `-e` and plain URLs with
// #egg=name, and the file names of wheels and source archives. Of a line that
// Parse refuses it gives the name where there is no doubt about it.
func Name(line string) string {
	if r, err := Parse(line); err == nil && r.Name != "" {
		return r.Name
	}
	line = strings.TrimSpace(withoutComment(line))
	for _, option := range []string{"-e", "--editable"} {
		if rest, ok := strings.CutPrefix(line, option); ok && rest != "" && strings.ContainsRune(" \t=", rune(rest[0])) {
			return located(strings.TrimLeft(rest, " \t="))
		}
	}
	name := nameAtStart(line)
	rest := strings.TrimLeft(line[len(name):], " \t")
	spaced := len(rest) < len(line)-len(name)
	switch {
	case name == "":
		return located(line)
	case archive(line):
		return located(line)
	case rest == "" || strings.ContainsRune("[(<>=!~;@,", rune(rest[0])):
		return NormalizeName(name)
	case spaced && strings.HasPrefix(rest, "--"): // options of one requirement, such as --hash
		return NormalizeName(name)
	}
	return located(line)
}

// archive reports whether line is the name of a file of a package, rather than
// a package whose version ends in letters.
func archive(line string) bool {
	first, _, _ := strings.Cut(line, ";")
	first = strings.TrimSpace(first)
	if strings.ContainsAny(first, " \t@<>=[") {
		return false
	}
	return strings.HasSuffix(strings.ToLower(first), ".whl") || nameOfSource(first) != ""
}

// located is the name in a URL or a path.
func located(where string) string {
	if before, _, found := strings.Cut(where, " ;"); found {
		where = before
	}
	where = strings.TrimSpace(where)
	where, fragment, _ := strings.Cut(where, "#")
	for _, part := range strings.Split(fragment, "&") {
		egg, ok := strings.CutPrefix(part, "egg=")
		if !ok {
			continue
		}
		if plain, err := url.PathUnescape(egg); err == nil {
			egg = plain
		}
		if name := nameAtStart(egg); name != "" {
			return NormalizeName(name)
		}
	}
	where, _, _ = strings.Cut(where, "?")
	file := path.Base(strings.ReplaceAll(where, `\`, "/"))
	if plain, err := url.PathUnescape(file); err == nil {
		file = plain
	}
	if wheel, ok := strings.CutSuffix(file, ".whl"); ok {
		// name-version(-build)?-python-abi-platform
		parts := strings.Split(wheel, "-")
		if (len(parts) == 5 || len(parts) == 6) && wholeName(parts[0]) {
			return NormalizeName(parts[0])
		}
		return ""
	}
	if name := nameOfSource(file); wholeName(name) {
		return NormalizeName(name)
	}
	return ""
}
