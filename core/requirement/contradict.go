package requirement

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Contradict reports whether it is certain that no version of the package can
// meet both requirements in an image of environment e, and says why. It is
// never true for requirements of different packages, for one whose marker does
// not hold in e or may not, or where an answer depends on what an index has.
func Contradict(a, b Requirement, e Environment) (why string, contradict bool) {
	if a.Name == "" || a.Name != b.Name || a.Marker.Evaluate(e) != True || b.Marker.Evaluate(e) != True {
		return "", false
	}
	if a.URL != "" && b.URL != "" {
		if sameSource(a.URL) == sameSource(b.URL) {
			return "", false
		}
		return fmt.Sprintf("%s cannot come from both %s and %s", a.Name, Redacted(a.URL), Redacted(b.URL)), true
	}
	first, firstSays := a.conditions()
	second, secondSays := b.conditions()
	for _, x := range first {
		for _, y := range second {
			if (Specifiers{x, y}).impossible() {
				return fmt.Sprintf("no version of %s is both %s and %s", a.Name, or(firstSays, x.String()), or(secondSays, y.String())), true
			}
		}
	}
	if slices.Concat(first, second).impossible() {
		return fmt.Sprintf("no version of %s is all of %s and %s", a.Name, or(firstSays, first.String()), or(secondSays, second.String())), true
	}
	return "", false
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// conditions is what the requirement demands of a version: its specifiers, or
// the version in the name of the file that its URL or path names, which says
// tells about.
func (r Requirement) conditions() (s Specifiers, says string) {
	where := r.URL + r.Path
	if where == "" {
		return r.Specifiers, ""
	}
	v, ok := fileVersion(where)
	if !ok || r.VCS() != "" {
		return nil, ""
	}
	return Specifiers{{Op: "===", Version: v.String(), version: v}}, fmt.Sprintf("%s (of %s)", v, Redacted(fileOf(where)))
}

// fileVersion is the version in the name of a wheel or source archive.
func fileVersion(where string) (Version, bool) {
	file := fileOf(where)
	wheel, ok := strings.CutSuffix(file, ".whl")
	if ok {
		if parts := strings.Split(wheel, "-"); len(parts) == 5 || len(parts) == 6 {
			v, err := ParseVersion(strings.ReplaceAll(parts[1], "_", "."))
			return v, err == nil
		}
		return Version{}, false
	}
	for _, ending := range []string{".tar.gz", ".zip"} {
		if stem, ok := strings.CutSuffix(file, ending); ok {
			v, err := ParseVersion(stem[strings.LastIndexByte(stem, '-')+1:])
			return v, err == nil && strings.Contains(stem, "-") && NormalizeName(stem[:strings.LastIndexByte(stem, '-')]) == located(file)
		}
	}
	return Version{}, false
}

// fileOf is the last part of a URL's or path's path.
func fileOf(where string) string {
	where, _, _ = strings.Cut(where, "#")
	where, _, _ = strings.Cut(where, "?")
	where = where[strings.LastIndexAny(where, `/\`)+1:]
	if plain, err := url.PathUnescape(where); err == nil {
		return plain
	}
	return where
}

// sameSource is a URL without what makes no difference to where the package
// comes from: its name and hash in the fragment, and the user.
func sameSource(where string) string {
	where, all, _ := strings.Cut(where, "#")
	keep := ""
	for _, part := range strings.Split(all, "&") {
		if strings.HasPrefix(part, "subdirectory=") {
			keep = "#" + strings.Trim(part, "/")
		}
	}
	scheme, rest, found := strings.Cut(where, "://")
	if !found {
		return where + keep
	}
	host, path, _ := strings.Cut(rest, "/")
	host = host[strings.LastIndexByte(host, '@')+1:]
	return strings.ToLower(scheme+"://"+host) + "/" + path + keep
}
