package requirement

import (
	"slices"
	"strings"
)

// Specifier is one condition on a version, such as ">=2.6".
type Specifier struct {
	Op      string // ==, !=, <=, >=, <, >, ~= or ===
	Version string // as written, with a trailing .* where it has one

	version Version // of all but ===
	prefix  bool    // the version ends in .*
}

// Specifiers is conditions that all have to hold. None is any version.
type Specifiers []Specifier

// operators has the longer ones first, so that the first that fits is it.
func operators() []string { return []string{"===", "==", "~=", "!=", "<=", ">=", "<", ">"} }

// ParseSpecifiers reads conditions with commas between them, such as
// ">=3.10,<3.13". Errors are of type *Error.
func ParseSpecifiers(text string) (Specifiers, error) {
	s := &scanner{text: text}
	s.space()
	all, err := s.specifiers()
	if err != nil {
		return nil, err
	}
	s.space()
	if !s.done() {
		return nil, s.fail(s.at, "expected a comma or the end")
	}
	return all, nil
}

func (s Specifier) String() string { return s.Op + s.normalVersion() }

func (s Specifier) normalVersion() string {
	switch {
	case s.Op == "===":
		return s.Version
	case s.prefix:
		return s.version.String() + ".*"
	}
	return s.version.String()
}

// String is the conditions in their normal form: versions normalised, sorted,
// each once. Two that read the same are the same conditions.
func (s Specifiers) String() string {
	var all []string
	for _, one := range s {
		all = append(all, one.String())
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ",")
}

// Equivalent reports whether s and t are the same conditions, in any order,
// where 1.0 and 1 are one version.
func (s Specifiers) Equivalent(t Specifiers) bool {
	within := func(s, t Specifiers) bool {
		for _, a := range s {
			if !slices.ContainsFunc(t, a.same) {
				return false
			}
		}
		return true
	}
	return within(s, t) && within(t, s)
}

func (s Specifier) same(t Specifier) bool {
	if s.Op != t.Op || s.prefix != t.prefix {
		return false
	}
	// How many numbers there are counts where the last ones may vary.
	if (s.prefix || s.Op == "~=") && len(s.version.release) != len(t.version.release) {
		return false
	}
	if s.Op == "===" {
		return s.Version == t.Version
	}
	return s.version.Compare(t.version) == 0
}

// Pin is the version that s demands exactly, by == without .* or by ===; ok is
// false where it demands none.
func (s Specifiers) Pin() (version string, ok bool) {
	for _, one := range s {
		if one.Op == "===" || one.Op == "==" && !one.prefix {
			return one.normalVersion(), true
		}
	}
	return "", false
}

// Contains reports whether v meets all conditions. Pre-releases are versions
// like others here; whether an installer considers them is Prereleases'.
func (s Specifiers) Contains(v Version) bool {
	for _, one := range s {
		if !one.Contains(v) {
			return false
		}
	}
	return true
}

// Prereleases reports whether a condition names a pre-release, which asks an
// installer to consider pre-releases.
func (s Specifiers) Prereleases() bool {
	return slices.ContainsFunc(s, func(one Specifier) bool {
		if one.Op == "===" {
			v, err := ParseVersion(one.Version)
			return err == nil && v.Prerelease()
		}
		return one.Op != "!=" && one.version.Prerelease()
	})
}

// Contains reports whether v meets the condition.
func (s Specifier) Contains(v Version) bool {
	if s.Op == "===" {
		return strings.EqualFold(v.String(), s.Version)
	}
	return slices.ContainsFunc(s.spans(), func(in span) bool { return in.contains(v) })
}

// compatible is the second half of ~=: all but the last number of the release
// stay what they are.
func compatible(w Version) Specifier {
	return Specifier{Op: "==", prefix: true, version: Version{epoch: w.epoch, release: w.release[:len(w.release)-1]}}
}
