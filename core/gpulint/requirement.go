package gpulint

import (
	"net/url"
	"path"
	"strings"

	"github.com/stackrun/stack/core/requirement"
)

// readLine is a line of requirements with what the rules need of it.
type readLine struct {
	requirement.Requirement
	kind    requirement.Kind // empty for one that is not understood
	options []requirement.Option
	pinned  version // the one version that it allows
	local   string  // the build in that: cu124 of ==2.6.0+cu124
	wheel   bool    // a wheel that is built already
	holds   requirement.Truth
}

// read reads a line of requirements. One that is not understood is about its
// package, if it has a name, and holds perhaps.
func (s *step) read(text string) readLine {
	read, err := requirement.ParseLine(text)
	if err != nil {
		return readLine{Requirement: requirement.Requirement{Name: requirement.Name(text)}}
	}
	l := readLine{Requirement: read.Requirement, kind: read.Kind, options: read.Options}
	l.holds = l.Marker.Evaluate(requirement.Environment{Platform: s.platform(), Python: s.in.Python})
	if pin, ok := l.Specifiers.Pin(); ok {
		l.pin(pin)
	}
	if where := l.URL + l.Path; where != "" {
		l.fromFile(where)
	}
	return l
}

func (s *step) platform() string {
	if s.in.Platform == "" {
		return "linux/amd64"
	}
	return s.in.Platform
}

func (l *readLine) pin(text string) {
	l.pinned, _ = parseVersion(text)
	if _, local, found := strings.Cut(text, "+"); found {
		l.local = strings.ToLower(local)
	}
}

// fromFile reads the version from the name of a wheel.
func (l *readLine) fromFile(where string) {
	where, _, _ = strings.Cut(where, "#")
	where, _, _ = strings.Cut(where, "?")
	file := path.Base(strings.ReplaceAll(where, `\`, "/"))
	if decoded, err := url.PathUnescape(file); err == nil {
		file = decoded
	}
	l.wheel = strings.HasSuffix(file, ".whl")
	if parts := strings.Split(file, "-"); l.wheel && len(parts) >= 5 {
		l.pin(parts[1])
	}
}

// shown is the requirement as a message has it, without the URL.
func (l readLine) shown() string {
	text := l.Name
	if len(l.Extras) > 0 {
		text += "[" + strings.Join(l.Extras, ",") + "]"
	}
	switch {
	case l.URL+l.Path != "" && len(l.pinned) > 0 && l.local != "":
		return text + "==" + l.pinned.String() + "+" + l.local
	case l.URL+l.Path != "" && len(l.pinned) > 0:
		return text + "==" + l.pinned.String()
	}
	return text + l.Specifiers.String()
}

// allow reports whether specs allow the release v.
func allow(specs requirement.Specifiers, v version) bool {
	read, err := requirement.ParseVersion(v.String())
	return err == nil && specs.Contains(read)
}

// patches is how many patch releases of a series are looked at.
const patches = 10

// newestOf is the newest patch release of a series that is allowed.
func newestOf(specs requirement.Specifiers, series version) (version, bool) {
	for p := patches - 1; p >= 0; p-- {
		v := append(series[:len(series):len(series)], p)
		if allow(specs, v) {
			return v, true
		}
	}
	return nil, false
}
