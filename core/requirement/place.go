package requirement

import (
	"net/url"
	"slices"
	"strings"
)

// form is how a requirement begins.
type form int

const (
	formName form = iota
	formURL
	formPath
)

// formOf tells a URL or a path from a name. A path has a separator in it, or
// is the name of an archive.
func formOf(text string) form {
	if hasScheme(text) {
		return formURL
	}
	if text == "" || text[0] == '-' {
		return formName
	}
	if strings.IndexByte(`./\`, text[0]) >= 0 {
		return formPath
	}
	if len(text) > 2 && letter(text[0]) && text[1] == ':' && strings.IndexByte(`/\`, text[2]) >= 0 {
		return formPath // C:\
	}
	first := text
	if end := strings.IndexAny(text, " \t@<>=[;!("); end >= 0 {
		first = text[:end]
	}
	if strings.ContainsAny(first, `/\`) || archiveName(first) {
		return formPath
	}
	return formName
}

// archiveName reports whether a file's name is one that installers take for a
// package.
func archiveName(file string) bool {
	file = strings.ToLower(file)
	for _, ending := range []string{
		".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tlz", ".tar.lz", ".tar.lzma", ".tar",
	} {
		if strings.HasSuffix(file, ending) && len(file) > len(ending) {
			return true
		}
	}
	return false
}

// hasScheme reports whether text begins with the scheme of a URL.
func hasScheme(text string) bool {
	scheme, rest, found := strings.Cut(text, ":")
	if !found || len(scheme) < 2 || !letter(scheme[0]) {
		return false
	}
	for i := range len(scheme) {
		if c := scheme[i]; !letter(c) && !digit(c) && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	return strings.HasPrefix(rest, "//") || strings.EqualFold(scheme, "file") && rest != ""
}

// place reads a requirement that is a URL or a path, with the marker that may
// follow.
func (s *scanner) place(r *Requirement, kind form) error {
	text := s.text
	where, marker, found := text, "", false
	if kind == formURL {
		if end := strings.IndexAny(text, " \t"); end >= 0 {
			where, marker = text[:end], strings.TrimLeft(text[end:], " \t")
			if marker, found = strings.CutPrefix(marker, ";"); !found {
				if where, found = strings.CutSuffix(where, ";"); !found {
					return s.fail(end, "expected \";\" and a marker, or the end, after the URL")
				}
			}
		}
	} else {
		where, marker, found = strings.Cut(text, ";")
		where = strings.TrimRight(where, " \t")
	}
	s.at = len(where)
	if found {
		s.at = len(text) - len(marker)
		m, err := s.marker()
		if err != nil {
			return err
		}
		r.Marker = m
	}
	if kind == formURL {
		r.URL, r.bare = where, true
	} else {
		r.Path = where
	}
	extras := fragment(where, "egg")
	if kind == formPath && strings.HasSuffix(where, "]") {
		if open := strings.LastIndexByte(where, '['); open > 0 {
			r.Path, extras = where[:open], where[open:]
		}
	}
	if open := strings.IndexByte(extras, '['); open >= 0 {
		inner := &scanner{text: extras, at: open}
		var err error
		if r.Extras, err = inner.extras(); err != nil {
			return s.fail(strings.LastIndexByte(where, '['), "expected extras such as [a,b]")
		}
	}
	r.Name = located(r.URL + r.Path)
	return nil
}

// fragment is the value of a key in the fragment of a URL, such as egg.
func fragment(where, key string) string {
	_, all, _ := strings.Cut(where, "#")
	for _, part := range strings.Split(all, "&") {
		if value, ok := strings.CutPrefix(part, key+"="); ok {
			if plain, err := url.PathUnescape(value); err == nil {
				return plain
			}
			return value
		}
	}
	return ""
}

// Local reports whether the requirement is a file or folder of the machine
// that reads it: a path, or a URL of scheme file.
func (r Requirement) Local() bool {
	scheme, _, _ := strings.Cut(r.URL, ":")
	return r.Path != "" || strings.EqualFold(scheme, "file") || strings.HasSuffix(strings.ToLower(scheme), "+file")
}

// VCS is the version control system of a URL such as git+https://…, or empty.
func (r Requirement) VCS() string {
	scheme, _, _ := strings.Cut(r.URL, ":")
	system, _, found := strings.Cut(strings.ToLower(scheme), "+")
	if found && slices.Contains([]string{"git", "hg", "svn", "bzr"}, system) {
		return system
	}
	return ""
}
