package gpulint

import (
	"net/url"
	"path"
	"regexp"
	"strings"
	"sync"

	"github.com/stackrun/stack/core/requirement"
)

// line is a requirement in its parts.
type line struct {
	name     string // as PEP 503 compares names
	extras   []string
	specs    []spec
	local    string // of an exact version: cu124 of ==2.6.0+cu124
	url      string
	marker   string
	isWheel  bool // a wheel that is built already
	isOption bool
}

var extrasShape = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9._-]+\s*\[([^\]]*)\]`) })

// parseLine reads a requirement as far as it can.
func parseLine(text string) line {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "-") && !strings.HasPrefix(text, "-e") && !strings.HasPrefix(text, "--editable") {
		return line{isOption: true}
	}
	l := line{name: requirement.Name(text)}
	body := text
	if before, marker, found := cutMarker(text); found {
		body, l.marker = before, marker
	}
	if i := strings.Index(body, " --"); i >= 0 { // such as --hash
		body = body[:i]
	}
	if m := extrasShape().FindStringSubmatch(body); m != nil {
		for _, e := range strings.Split(m[1], ",") {
			if e = requirement.NormalizeName(e); e != "" {
				l.extras = append(l.extras, e)
			}
		}
		body = body[len(m[0]):]
	} else if l.name != "" && !strings.Contains(body, "://") {
		body = strings.TrimLeft(body, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
	}
	body = strings.TrimSpace(body)
	if _, target, found := strings.Cut(body, "@"); found && (strings.HasPrefix(body, "@") || strings.Contains(target, "://")) && !strings.Contains(body[:strings.Index(body, "@")], "://") {
		body = strings.TrimSpace(target)
	}
	if strings.Contains(body, "://") || strings.HasSuffix(text, ".whl") {
		l.url = body
		if l.url == "" {
			l.url = text
		}
		l.fromFile()
		return l
	}
	l.specs, l.local = parseSpecs(body)
	return l
}

// cutMarker splits off what follows the semicolon; in a URL it follows a space.
func cutMarker(text string) (body, marker string, found bool) {
	separator := ";"
	if strings.Contains(text, "://") {
		separator = " ;"
	}
	return strings.Cut(text, separator)
}

// fromFile reads the version from the name of a wheel.
func (l *line) fromFile() {
	file, _, _ := strings.Cut(l.url, "#")
	file, _, _ = strings.Cut(file, "?")
	file = path.Base(strings.ReplaceAll(file, `\`, "/"))
	if plain, err := url.PathUnescape(file); err == nil {
		file = plain
	}
	if !strings.HasSuffix(file, ".whl") {
		return
	}
	l.isWheel = true
	if parts := strings.Split(file, "-"); len(parts) >= 5 {
		l.specs, l.local = parseSpecs("==" + parts[1])
	}
}

// optionIndex is the address in an option such as --extra-index-url=URL.
func optionIndex(text string) (string, bool) {
	for _, option := range []string{"--index-url", "--extra-index-url", "--find-links", "-i", "-f"} {
		rest, ok := strings.CutPrefix(strings.TrimSpace(text), option)
		if ok && rest != "" && strings.ContainsRune(" =\t", rune(rest[0])) {
			return strings.Trim(rest, " =\t\"'"), true
		}
	}
	return "", false
}
