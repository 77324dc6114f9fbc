package requirement

import (
	"strings"
	"unicode/utf8"
)

// meant is the operator that a wrong one is a slip of, or empty.
func meant(written string) string {
	switch written {
	case "=":
		return "=="
	case "=>", "≥":
		return ">="
	case "=<", "≤":
		return "<="
	case "=~", "~", "~>", "≈":
		return "~="
	case "=!", "<>", "≠", "!", "!==":
		return "!="
	case ">>":
		return ">"
	case "<<":
		return "<"
	}
	return ""
}

// noName says what is wrong with a text that does not begin with a name.
func (s *scanner) noName() error {
	text := s.rest()
	switch {
	case text == "":
		return s.fail(s.at, "the requirement is empty")
	case text[0] == '-':
		return s.fail(s.at, "expected a requirement, found an option")
	case text[0] == '"' || text[0] == '\'':
		e := s.fail(s.at, "expected the name of a package, without quotes around the requirement")
		if inner := strings.Trim(text, `"'`); plausible(inner) {
			e.Instead = inner
		}
		return e
	case digit(text[0]) || letter(text[0]):
		return s.fail(s.at, "expected the name of a package")
	}
	e := s.fail(s.at, "expected the name of a package, which begins with a letter or digit")
	if inner := strings.TrimLeft(text, "_.*+! \t"); inner != text && plausible(inner) {
		e.Instead = inner
	}
	return e
}

func plausible(text string) bool {
	_, err := Parse(text)
	return err == nil && formOf(text) == formName
}

// noVersion says what is wrong after an operator that no version follows.
func (s *scanner) noVersion(start, from int, op string) error {
	before, rest := s.text[:start], s.text[from:]
	e := s.fail(from, "expected a version after %q", op)
	word := rest
	if end := strings.IndexAny(rest, " \t,;)"); end >= 0 {
		word = rest[:end]
	}
	after := rest[len(word):]
	switch {
	case rest == "":
	case from == start+len(op) && strings.IndexByte("=<>!~", rest[0]) >= 0: // =< and the like
		run := len(rest) - len(strings.TrimLeft(rest, "=<>!~"))
		if right := meant(op + rest[:run]); right != "" {
			e = s.fail(start, "%q is no operator", op+rest[:run])
			e.Instead = before + right + rest[run:]
		}
	case word == "*" || word == "latest" || word == "any":
		e.Message = "expected a version; for any version none is written"
		e.Instead = strings.TrimRight(before, " \t(,") + strings.TrimLeft(after, ")")
	case rest[0] == '"' || rest[0] == '\'':
		e.Message = "expected a version without quotes"
		if inner := strings.Trim(word, `"'`); inner != "" {
			e.Instead = before + op + inner + after
		}
	case rest[0] == '$' || rest[0] == '{':
		e.Message = "expected a version; variables are not read in a requirement"
	}
	if e.Instead != "" && !plausible(e.Instead) {
		e.Instead = ""
	}
	return e
}

// afterName says what is wrong with what follows a name and its versions.
func (s *scanner) afterName(r *Requirement) error {
	before, text := strings.TrimRight(s.text[:s.at], " \t"), s.rest()
	run := len(text) - len(strings.TrimLeft(text, "=<>!~≥≤≠≈"))
	version := strings.TrimLeft(text[run:], " \t")
	suggest := func(e *Error, instead string) error {
		if plausible(instead) {
			e.Instead = instead
		}
		return e
	}
	switch right := meant(text[:run]); {
	case run > 0 && right != "":
		e := s.fail(s.at, "%q is no operator", text[:run])
		if v, n := scanVersion(version); right == "~=" && n > 0 && len(v.release) < 2 {
			version = version[:n] + ".0" + version[n:]
		}
		if build, rest, found := strings.Cut(version, "="); found && text[:run] == "=" && !strings.ContainsAny(build, " ;,") && !strings.HasPrefix(rest, "=") {
			e.Message = "conda's form is not read"
			return suggest(e, before+"=="+build)
		}
		return suggest(e, before+right+version)
	case text[0] == '^':
		e := s.fail(s.at, "poetry's %q is not read", "^")
		if v, n := scanVersion(text[1:]); n > 0 {
			return suggest(e, before+caret(v)+text[1+n:])
		}
		return e
	case text[0] == ',':
		return s.two(before, strings.TrimLeft(text[1:], " \t"))
	case strings.IndexByte("<>=!~", text[0]) >= 0 && len(r.Specifiers) > 0:
		return suggest(s.fail(s.at, "expected a comma between two conditions"), before+","+text)
	case text[0] == '&' || strings.HasPrefix(text, "and "):
		_, rest, _ := strings.Cut(text, " ")
		return suggest(s.fail(s.at, "expected a comma between two conditions"), before+","+strings.TrimLeft(rest, " \t"))
	case text[0] == '#':
		return suggest(s.fail(s.at, `expected a space before the "#" of a comment`), before+" "+text)
	case text[0] == '+' && strings.Contains(text, "@") && strings.Contains(text, ":"): // git+git@host:path
		host, path, _ := strings.Cut(text[1:], ":")
		e := s.fail(s.at, "expected a URL with a scheme")
		e.Instead = before + "+ssh://" + host + "/" + path
		return e
	case text == ".":
		return suggest(s.fail(s.at, "expected a digit after %q, or the end", "."), before)
	case text[0] == '*' && len(r.Specifiers) == 0:
		return suggest(s.fail(s.at, "expected a condition such as >=1.0, or nothing for any version"), before)
	}
	if v, n := scanVersion(text); n > 0 && len(r.Specifiers) == 0 && s.text[s.at-1] == ' ' {
		e := s.fail(s.at, "expected an operator such as == before the version")
		return suggest(e, before+"=="+v.String()+text[n:])
	}
	if strings.HasPrefix(before+" ", "pip install ") || before == "pip" || before == "uv" {
		if words := strings.Fields(text); len(words) > 1 {
			return suggest(s.fail(0, "expected a requirement, found a command"), words[len(words)-1])
		}
	}
	return s.two(before, text)
}

// two says that there may be two requirements in one.
func (s *scanner) two(first, second string) error {
	e := s.fail(s.at, "expected a version condition, \";\" or the end")
	if r, _ := utf8.DecodeRuneInString(second); second != "" && r < utf8.RuneSelf && (letter(byte(r)) || digit(byte(r))) && plausible(first) && plausible(second) {
		e.Message = "two requirements in one"
		e.Instead = "them as two: " + first + " and " + second
	}
	return e
}

// caret is what poetry's ^ means.
func caret(v Version) string {
	at := 0
	for at < len(v.release)-1 && v.release[at] == "0" {
		at++
	}
	up := Version{epoch: v.epoch, release: append(append([]number{}, v.release[:at]...), v.release[at].next())}
	return ">=" + v.String() + ",<" + up.String()
}
