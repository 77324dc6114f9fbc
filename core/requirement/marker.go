package requirement

import (
	"slices"
	"strings"

	"github.com/stackrun/stack/core/diag"
)

// Marker is the condition after the ";" of a requirement: on which machines it
// is meant. The zero value is none, which holds everywhere.
type Marker struct{ root *condition }

// condition is "and" or "or" of several, or one comparison.
type condition struct {
	join string // "and", "or", or empty for a comparison
	all  []*condition

	left, right operand
	op          string // an operator of versions, "in" or "not in"
}

// operand is a variable or a text.
type operand struct {
	variable string // its name of today; empty for a text
	text     string
}

// deepest is how many parentheses a marker may be in.
const deepest = 100

// ParseMarker reads a marker without the ";" before it. Errors are of type
// *Error.
func ParseMarker(text string) (Marker, error) {
	if at := strings.IndexFunc(text, forbidden); at >= 0 {
		return Marker{}, &Error{Text: text, Offset: at, Message: "unexpected control character"}
	}
	return (&scanner{text: text}).marker()
}

// Empty reports whether there is no marker.
func (m Marker) Empty() bool { return m.root == nil }

// marker reads a marker that goes to the end of the text.
func (s *scanner) marker() (Marker, error) {
	s.space()
	if s.done() {
		return Marker{}, s.fail(s.at, `expected a marker such as python_version >= "3.10" after ";"`)
	}
	root, err := s.or(0)
	if err != nil {
		return Marker{}, err
	}
	if !s.done() {
		return Marker{}, s.fail(s.at, `expected "and", "or" or the end of the marker`)
	}
	return Marker{root}, nil
}

func (s *scanner) or(depth int) (*condition, error) {
	return s.joined("or", func() (*condition, error) {
		return s.joined("and", func() (*condition, error) { return s.atom(depth) })
	})
}

// joined reads one or more of what part reads, with word between them.
func (s *scanner) joined(word string, part func() (*condition, error)) (*condition, error) {
	first, err := part()
	if err != nil {
		return nil, err
	}
	all := []*condition{first}
	for s.word(word) {
		next, err := part()
		if err != nil {
			return nil, err
		}
		all = append(all, next)
	}
	if len(all) == 1 {
		return first, nil
	}
	return &condition{join: word, all: flat(word, all)}, nil
}

// flat leaves out parentheses that make no difference.
func flat(word string, all []*condition) []*condition {
	var out []*condition
	for _, c := range all {
		if c.join == word {
			out = append(out, c.all...)
		} else {
			out = append(out, c)
		}
	}
	return out
}

// word takes a whole word.
func (s *scanner) word(word string) bool {
	if rest, ok := strings.CutPrefix(s.rest(), word); ok && (rest == "" || !wordByte(rest[0])) {
		s.at += len(word)
		return true
	}
	return false
}

func wordByte(c byte) bool { return letter(c) || digit(c) || c == '_' }

func (s *scanner) atom(depth int) (*condition, error) {
	s.space()
	defer s.space()
	open := s.at
	if !s.take("(") {
		return s.comparison()
	}
	if depth == deepest {
		return nil, s.fail(open, "the marker is nested more than %d deep", deepest)
	}
	inner, err := s.or(depth + 1)
	if err != nil {
		return nil, err
	}
	if !s.take(")") {
		return nil, s.fail(s.at, `expected "and", "or" or the closing parenthesis of column %d`, open+1)
	}
	return inner, nil
}

func (s *scanner) comparison() (*condition, error) {
	start := s.at
	left, err := s.operand()
	if err != nil {
		return nil, err
	}
	s.space()
	op, err := s.markerOperator()
	if err != nil {
		return nil, err
	}
	s.space()
	right, err := s.operand()
	if err != nil {
		return nil, err
	}
	if (left.variable == "") == (right.variable == "") {
		return nil, s.fail(start, "a marker compares a variable with a quoted text")
	}
	for _, pair := range [][2]*operand{{&left, &right}, {&right, &left}} {
		if v := pair[0].variable; v == "extra" || v == "extras" || v == "dependency_groups" {
			pair[1].text = NormalizeName(pair[1].text)
		}
	}
	return &condition{left: left, op: op, right: right}, nil
}

func (s *scanner) markerOperator() (string, error) {
	start := s.at
	if s.word("in") {
		return "in", nil
	}
	if s.word("not") {
		if s.space() && s.word("in") {
			return "not in", nil
		}
		return "", s.fail(start, `expected "not in"`)
	}
	for _, op := range operators() {
		if s.take(op) {
			if strings.IndexByte("=<>!~", s.peek()) >= 0 && s.peek() != 0 {
				break
			}
			return op, nil
		}
	}
	e := s.fail(start, `expected an operator: ==, !=, <=, >=, <, >, ~=, ===, in or "not in"`)
	n := start
	for n < len(s.text) && strings.IndexByte("=<>!~", s.text[n]) >= 0 {
		n++
	}
	if right := meant(s.text[start:n]); right != "" {
		e.Instead = s.text[:start] + right + s.text[n:]
	}
	return "", e
}

// operand reads a variable or a quoted text.
func (s *scanner) operand() (operand, error) {
	if quote := s.peek(); quote == '"' || quote == '\'' {
		text, _, closed := strings.Cut(s.text[s.at+1:], string(quote))
		if !closed {
			return operand{}, s.fail(s.at, "expected the quote %c again, which ends the text", quote)
		}
		if at := strings.IndexByte(text, '\\'); at >= 0 {
			return operand{}, s.fail(s.at+1+at, "a text in a marker has no backslash")
		}
		s.at += len(text) + 2
		return operand{text: text}, nil
	}
	start := s.at
	for !s.done() && (wordByte(s.peek()) || s.peek() == '.') {
		s.at++
	}
	word := s.text[start:s.at]
	if name := variableNamed(word); name != "" {
		return operand{variable: name}, nil
	}
	e := s.fail(start, "expected a variable such as python_version, or a quoted text")
	if word == "" {
		return operand{}, e
	}
	if _, err := ParseVersion(word); err == nil || digit(word[0]) {
		e.Message = "expected the text in quotes"
		e.Instead = s.text[:start] + `"` + word + `"` + s.text[s.at:]
		return operand{}, e
	}
	e.Message = "unknown variable in a marker"
	if near := diag.Nearest(word, variables()); near != "" {
		e.Instead = s.text[:start] + near + s.text[s.at:]
	}
	return operand{}, e
}

func variables() []string {
	return []string{
		"python_version", "python_full_version", "os_name", "sys_platform", "platform_release", "platform_system",
		"platform_version", "platform_machine", "platform_python_implementation", "implementation_name",
		"implementation_version", "extra", "extras", "dependency_groups",
	}
}

// variableNamed is the name of today of a variable, of which some had dots
// before PEP 508.
func variableNamed(word string) string {
	switch word {
	case "os.name", "sys.platform", "platform.version", "platform.machine":
		return strings.Replace(word, ".", "_", 1)
	case "platform.python_implementation", "python_implementation":
		return "platform_python_implementation"
	}
	if slices.Contains(variables(), word) {
		return word
	}
	return ""
}

// String is the marker in a normal form.
func (m Marker) String() string {
	if m.root == nil {
		return ""
	}
	return m.root.String()
}

func (c *condition) String() string {
	if c.join == "" {
		return c.left.String() + " " + c.op + " " + c.right.String()
	}
	var parts []string
	for _, part := range c.all {
		text := part.String()
		if c.join == "and" && part.join == "or" {
			text = "(" + text + ")"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " "+c.join+" ")
}

func (o operand) String() string {
	switch {
	case o.variable != "":
		return o.variable
	case strings.Contains(o.text, `"`):
		return "'" + o.text + "'"
	}
	return `"` + o.text + `"`
}
