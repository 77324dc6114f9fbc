package requirement

import "strings"

// Compare is negative where v comes before w in the order of PEP 440, zero
// where they are one version, and positive otherwise.
func (v Version) Compare(w Version) int {
	if c := v.epoch.compare(w.epoch); c != 0 {
		return c
	}
	for i := range max(len(v.release), len(w.release)) {
		if c := v.part(i).compare(w.part(i)); c != 0 {
			return c
		}
	}
	if c := sign(v.stage() - w.stage()); c != 0 {
		return c
	}
	if c := v.preN.compare(w.preN); c != 0 {
		return c
	}
	if c := optional(v.post, w.post, -1); c != 0 {
		return c
	}
	if c := optional(v.dev, w.dev, 1); c != 0 {
		return c
	}
	return compareLocal(v.local, w.local)
}

// stage orders what may follow a release: a development release of the final
// version comes before its pre-releases, these before the version itself.
func (v Version) stage() int {
	switch {
	case v.pre == "" && v.post == "" && v.dev != "":
		return 0
	case v.pre == "a":
		return 1
	case v.pre == "b":
		return 2
	case v.pre == "rc":
		return 3
	}
	return 4
}

// optional compares numbers of which either may be missing; missing is what
// one that is missing is, compared with one that is not.
func optional(a, b number, missing int) int {
	switch {
	case a == "" && b == "":
		return 0
	case a == "":
		return missing
	case b == "":
		return -missing
	}
	return a.compare(b)
}

func compareLocal(a, b []string) int {
	for i := range min(len(a), len(b)) {
		if c := compareLabel(a[i], b[i]); c != 0 {
			return c
		}
	}
	return sign(len(a) - len(b))
}

// compareLabel compares parts of local labels: numbers come after words.
func compareLabel(a, b string) int {
	aNumber, bNumber := labelIsNumber(a), labelIsNumber(b)
	switch {
	case aNumber && bNumber:
		return number(a).compare(number(b))
	case aNumber:
		return 1
	case bNumber:
		return -1
	}
	return strings.Compare(a, b)
}

func labelIsNumber(part string) bool {
	return part == string(beyond) || strings.Trim(part, "0123456789") == ""
}
