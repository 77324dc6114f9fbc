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
	"regexp"
	"strings"
)

// The characters of a name, and what may come after one, are those of PEP 508.
var (
	nameAtStart = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?`)
	wholeName   = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$`)
	separators  = regexp.MustCompile(`[-_.]+`)
	comment     = regexp.MustCompile(`(?:^|\s)#.*$`)
	sourceFile  = regexp.MustCompile(`^(.+?)-[0-9][^-]*\.(?:tar\.gz|tgz|tar\.bz2|zip)$`)
)

// NormalizeName is a package's name as PEP 503 compares names: lower case, each
// run of "-", "_" and "." one "-".
func NormalizeName(name string) string {
	return strings.ToLower(separators.ReplaceAllString(strings.TrimSpace(name), "-"))
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
	line = strings.TrimSpace(comment.ReplaceAllString(line, ""))
	for _, option := range []string{"-e", "--editable"} {
		if rest, ok := strings.CutPrefix(line, option); ok && rest != "" && strings.ContainsRune(" \t=", rune(rest[0])) {
			return located(strings.TrimLeft(rest, " \t="))
		}
	}
	name := nameAtStart.FindString(line)
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
	return strings.HasSuffix(strings.ToLower(first), ".whl") || sourceFile.MatchString(first)
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
		if name := nameAtStart.FindString(egg); name != "" {
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
		if (len(parts) == 5 || len(parts) == 6) && wholeName.MatchString(parts[0]) {
			return NormalizeName(parts[0])
		}
		return ""
	}
	if m := sourceFile.FindStringSubmatch(file); m != nil && wholeName.MatchString(m[1]) {
		return NormalizeName(m[1])
	}
	return ""
}
