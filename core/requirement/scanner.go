package requirement

import (
	"fmt"
	"strings"
)

// scanner walks over a requirement.
type scanner struct {
	text string
	at   int
}

func (s *scanner) done() bool   { return s.at >= len(s.text) }
func (s *scanner) rest() string { return s.text[s.at:] }

// peek is the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	if s.done() {
		return 0
	}
	return s.text[s.at]
}

// space skips blanks, and says whether there were any.
func (s *scanner) space() bool {
	start := s.at
	for !s.done() && (s.text[s.at] == ' ' || s.text[s.at] == '\t') {
		s.at++
	}
	return s.at > start
}

func (s *scanner) take(prefix string) bool {
	if !strings.HasPrefix(s.rest(), prefix) {
		return false
	}
	s.at += len(prefix)
	return true
}

func (s *scanner) fail(at int, format string, args ...any) *Error {
	return &Error{Text: s.text, Offset: at, Message: fmt.Sprintf(format, args...)}
}

func letter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// identifier reads a name as PEP 508 has them: letters, digits, and between
// them "-", "_" and ".".
func (s *scanner) identifier() string {
	start, end := s.at, s.at
	for i := s.at; i < len(s.text); i++ {
		c := s.text[i]
		if letter(c) || digit(c) {
			end = i + 1
		} else if i == start || c != '-' && c != '_' && c != '.' {
			break
		}
	}
	s.at = end
	return s.text[start:end]
}

// specifiers reads conditions with commas between them, none included; a
// comma after the last one is allowed, as installers do.
func (s *scanner) specifiers() (Specifiers, error) {
	var all Specifiers
	for {
		one, found, err := s.specifier()
		if err != nil {
			return nil, err
		}
		if !found {
			return all, nil
		}
		all = append(all, one)
		mark := s.at
		s.space()
		if !s.take(",") {
			s.at = mark
			return all, nil
		}
		s.space()
	}
}

func (s *scanner) specifier() (Specifier, bool, error) {
	start := s.at
	for _, op := range operators() {
		if s.take(op) {
			one, err := s.version(start, op)
			return one, err == nil, err
		}
	}
	return Specifier{}, false, nil
}

// version reads what follows an operator.
func (s *scanner) version(start int, op string) (Specifier, error) {
	for !s.done() && strings.IndexByte(" \t\n\r\v\f", s.text[s.at]) >= 0 {
		s.at++
	}
	from := s.at
	if op == "===" {
		end := strings.IndexAny(s.rest(), " \t\n\r\v\f;)")
		if end < 0 {
			end = len(s.rest())
		}
		s.at += end
		if end == 0 {
			return Specifier{}, s.fail(from, "expected a version after %q", op)
		}
		return Specifier{Op: op, Version: s.text[from:s.at]}, nil
	}
	v, n := scanVersion(s.rest())
	if n == 0 {
		return Specifier{}, s.noVersion(start, from, op)
	}
	s.at += n
	one := Specifier{Op: op, version: v}
	if s.take(".*") {
		one.prefix = true
	}
	one.Version = s.text[from:s.at]
	return one, s.allowed(one, start, from)
}

// allowed holds the rules of PEP 440 on which versions go with which operator.
func (s *scanner) allowed(one Specifier, start, from int) error {
	before := s.text[:start]
	after := s.rest()
	switch equality := one.Op == "==" || one.Op == "!="; {
	case one.prefix && !equality:
		e := s.fail(from, "only == and != take a version that ends in .*, found %q", one.Op+one.Version)
		e.Instead = before + widened(one) + after
		return e
	case one.prefix && one.version.String() != one.version.base().String():
		return s.fail(from, "a version that ends in .* has nothing but numbers before it")
	case one.version.local != nil && !equality:
		e := s.fail(from, "only == and != take a local version such as %q", "+"+one.version.Local())
		e.Instead = before + one.Op + one.version.public().String() + after
		return e
	case one.Op == "~=" && len(one.version.release) < 2:
		e := s.fail(from, "~= needs a version of two numbers at least, such as %q", "~="+one.Version+".0")
		e.Instead = before + "~=" + one.Version + ".0" + after
		return e
	}
	return nil
}

// widened is what a condition with .* and an order in it means.
func widened(one Specifier) string {
	switch base := one.version.String(); one.Op {
	case "<=":
		up := one.version
		up.release = append(up.release[:len(up.release)-1:len(up.release)-1], up.release[len(up.release)-1].next())
		return "<" + up.String()
	case ">":
		up := one.version
		up.release = append(up.release[:len(up.release)-1:len(up.release)-1], up.release[len(up.release)-1].next())
		return ">=" + up.String()
	case "~=":
		return "==" + base + ".*"
	default:
		return one.Op + base
	}
}
