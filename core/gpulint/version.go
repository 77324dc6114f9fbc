package gpulint

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// version is the numbers of a version, such as 2.7.1. Pre-releases count as
// their release, so that a nightly is not taken for less than it is. The empty
// version is one that is not known.
type version []int

// parseVersion reads the release at the start of text, which may be a version
// of PEP 440. ok is false where there is none.
func parseVersion(text string) (v version, ok bool) {
	text = strings.TrimPrefix(strings.TrimSpace(text), "v")
	if _, release, found := strings.Cut(text, "!"); found {
		text = release
	}
	for len(v) < 8 {
		end := 0
		for end < len(text) && text[end] >= '0' && text[end] <= '9' {
			end++
		}
		n, err := strconv.Atoi(text[:end])
		if err != nil {
			break
		}
		v = append(v, n)
		if text = text[end:]; !strings.HasPrefix(text, ".") {
			break
		}
		text = text[1:]
	}
	return v, len(v) > 0
}

func (v version) String() string {
	parts := make([]string, len(v))
	for i, n := range v {
		parts[i] = strconv.Itoa(n)
	}
	return strings.Join(parts, ".")
}

// compare is below, at or above zero as v is older than, the same as or newer
// than w. Missing numbers are 0.
func (v version) compare(w version) int {
	for i := range max(len(v), len(w)) {
		if d := v.at(i) - w.at(i); d != 0 {
			return d
		}
	}
	return 0
}

func (v version) at(i int) int {
	if i < len(v) {
		return v[i]
	}
	return 0
}

func (v version) less(w version) bool { return v.compare(w) < 0 }

// within reports whether v is of the series w: 2.7.1 is of 2.7.
func (v version) within(w version) bool {
	for i := range w {
		if v.at(i) != w[i] {
			return false
		}
	}
	return true
}

func (v *version) UnmarshalYAML(n *yaml.Node) error {
	*v, _ = parseVersion(n.Value)
	return nil
}

// versions is a list of them, written with spaces between.
type versions []version

func (l *versions) UnmarshalYAML(n *yaml.Node) error {
	for _, word := range strings.Fields(n.Value) {
		v, _ := parseVersion(word)
		*l = append(*l, v)
	}
	return nil
}

// compact reads 124 as 12.4, and 92 as 9.2, as builds of PyTorch are named.
func compact(digits string) version {
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || len(digits) > 4 {
		return nil
	}
	if len(digits) < 3 && n < 60 { // cu12: the major version only
		return version{n}
	}
	return version{n / 10, n % 10}
}
