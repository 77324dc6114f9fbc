package requirement

import (
	"fmt"
	"strings"
)

// Version is a version as PEP 440 defines it. The zero value is no version.
//
// It is our own rather than a library's: what contradicts needs versions that
// no package can have, such as "after every local version of 1.0", and the
// patterns that libraries compile would be paid for by every start of stack.
type Version struct {
	epoch   number
	release []number
	pre     string // "a", "b", "rc" or empty
	preN    number
	post    number // empty where it is no post-release
	dev     number // empty where it is no development release
	local   []string
}

// number is a decimal number of any length without leading zeros; beyond is
// above all of them.
type number string

const beyond number = "~"

func (n number) compare(m number) int {
	switch {
	case n == m:
		return 0
	case n == beyond:
		return 1
	case m == beyond:
		return -1
	case len(n) != len(m):
		return sign(len(n) - len(m))
	}
	return strings.Compare(string(n), string(m))
}

// next is n + 1.
func (n number) next() number {
	digits := []byte(n)
	for i := len(digits) - 1; i >= 0; i-- {
		if digits[i] < '9' {
			digits[i]++
			return number(digits)
		}
		digits[i] = '0'
	}
	return number("1" + string(digits))
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// ParseVersion reads a version in any spelling that PEP 440 normalises, such
// as "v1.0-RC.1".
func ParseVersion(text string) (Version, error) {
	trimmed := strings.Trim(text, " \t\n\r\v\f")
	v, n := scanVersion(trimmed)
	if n == 0 || n != len(trimmed) {
		return Version{}, fmt.Errorf("%q is not a version of PEP 440", text)
	}
	return v, nil
}

// scanVersion reads the longest version at the start of text, and how many
// bytes it has; 0 where there is none.
func scanVersion(text string) (Version, int) {
	s := versionScanner{text: text, lower: asciiLower(text)}
	if s.lower != "" && s.lower[0] == 'v' {
		s.at++
	}
	var v Version
	first, ok := s.number()
	if !ok {
		return Version{}, 0
	}
	v.epoch = "0"
	if s.at < len(text) && text[s.at] == '!' {
		before := s.at
		s.at++
		if release, ok := s.number(); ok {
			v.epoch, first = first, release
		} else {
			s.at = before
		}
	}
	v.release = []number{first}
	for s.at < len(text) && text[s.at] == '.' {
		before := s.at
		s.at++
		n, ok := s.number()
		if !ok {
			s.at = before
			break
		}
		v.release = append(v.release, n)
	}
	s.pre(&v)
	s.post(&v)
	if word, n := s.word("dev"); word != "" {
		v.dev = n
	}
	s.local(&v)
	return v, s.at
}

func asciiLower(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

type versionScanner struct {
	text, lower string
	at          int
}

func (s *versionScanner) number() (number, bool) {
	start := s.at
	for s.at < len(s.text) && digit(s.text[s.at]) {
		s.at++
	}
	if s.at == start {
		return "", false
	}
	return trimZeros(s.text[start:s.at]), true
}

func trimZeros(digits string) number {
	if trimmed := strings.TrimLeft(digits, "0"); trimmed != "" {
		return number(trimmed)
	}
	return "0"
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

func (s *versionScanner) separator() {
	if s.at < len(s.text) && strings.IndexByte("-_.", s.text[s.at]) >= 0 {
		s.at++
	}
}

// word reads one of words with its number: a separator may stand before and
// after the word, and no number is 0.
func (s *versionScanner) word(words ...string) (string, number) {
	start := s.at
	s.separator()
	for _, w := range words {
		if !strings.HasPrefix(s.lower[s.at:], w) {
			continue
		}
		s.at += len(w)
		s.separator() // "1.0a." is a version too
		n, ok := s.number()
		if !ok {
			n = "0"
		}
		return w, n
	}
	s.at = start
	return "", ""
}

func (s *versionScanner) pre(v *Version) {
	word, n := s.word("alpha", "a", "beta", "b", "preview", "pre", "c", "rc")
	switch word {
	case "":
		return
	case "alpha", "a":
		v.pre = "a"
	case "beta", "b":
		v.pre = "b"
	default:
		v.pre = "rc"
	}
	v.preN = n
}

func (s *versionScanner) post(v *Version) {
	if s.at+1 < len(s.text) && s.text[s.at] == '-' && digit(s.text[s.at+1]) {
		s.at++
		v.post, _ = s.number()
		return
	}
	if word, n := s.word("post", "rev", "r"); word != "" {
		v.post = n
	}
}

func (s *versionScanner) local(v *Version) {
	if s.at >= len(s.text) || s.text[s.at] != '+' {
		return
	}
	at := s.at + 1
	for {
		start := at
		for at < len(s.lower) && (digit(s.lower[at]) || 'a' <= s.lower[at] && s.lower[at] <= 'z') {
			at++
		}
		if at == start {
			return
		}
		part := s.lower[start:at]
		if strings.Trim(part, "0123456789") == "" {
			part = string(trimZeros(part))
		}
		v.local = append(v.local, part)
		s.at = at
		if at >= len(s.lower) || strings.IndexByte("-_.", s.lower[at]) < 0 {
			return
		}
		at++
	}
}

// String is the version in its normal form.
func (v Version) String() string {
	if len(v.release) == 0 {
		return ""
	}
	var b strings.Builder
	if v.epoch != "0" {
		b.WriteString(string(v.epoch) + "!")
	}
	for i, n := range v.release {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(string(n))
	}
	if v.pre != "" {
		b.WriteString(v.pre + string(v.preN))
	}
	if v.post != "" {
		b.WriteString(".post" + string(v.post))
	}
	if v.dev != "" {
		b.WriteString(".dev" + string(v.dev))
	}
	if v.local != nil {
		b.WriteString("+" + strings.Join(v.local, "."))
	}
	return b.String()
}

// Prerelease reports whether v is a pre-release or a development release,
// which installers leave aside unless asked for.
func (v Version) Prerelease() bool { return v.pre != "" || v.dev != "" }

// Local is the label of a local version, such as "cu126" of "2.6.0+cu126".
func (v Version) Local() string { return strings.Join(v.local, ".") }

// Minor is the first two numbers of the release, such as "3.12"; one that has
// a single number is followed by ".0".
func (v Version) Minor() string {
	if len(v.release) == 0 {
		return ""
	}
	return string(v.release[0]) + "." + string(v.part(1))
}

// part is a number of the release; those that are not written are 0.
func (v Version) part(i int) number {
	if i < len(v.release) {
		return v.release[i]
	}
	return "0"
}

// public is v without its local label.
func (v Version) public() Version {
	v.local = nil
	return v
}

// base is v's epoch and release alone.
func (v Version) base() Version { return Version{epoch: v.epoch, release: v.release} }
