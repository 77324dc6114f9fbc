package requirement

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Requirement is one requirement, as PEP 508 or an installer writes it.
//
// What it is about is said by one of: Specifiers (from an index; may be
// empty), URL, and Path (a file or folder of the machine that reads it).
type Requirement struct {
	Name       string   // normalised as NormalizeName does; empty where a URL or path does not say
	Written    string   // the text that was read, without a comment and blanks around it
	Extras     []string // normalised, sorted, each once
	Specifiers Specifiers
	URL        string // as written
	Path       string // as written
	Marker     Marker
	Hashes     []string // such as sha256:…, sorted
	Options    []Option // options of this requirement other than --hash, in their order

	bare bool // a URL without "name @" before it
}

// Parse reads one requirement. Beyond PEP 508 it takes what pip and uv take in
// a requirements file: URLs and paths alone, VCS URLs with #egg=name, options
// of the one requirement such as --hash, and a comment. Lines of options, such
// as "-r FILE", are ParseLine's.
//
// Errors are of type *Error and say where the text goes wrong.
func Parse(text string) (Requirement, error) {
	r, _, err := parse(text)
	return r, err
}

// parse also gives where the specifiers end, for suggestions.
func parse(text string) (Requirement, int, error) {
	if at := strings.IndexFunc(text, forbidden); at >= 0 {
		return Requirement{}, 0, &Error{Text: text, Offset: at, Message: "unexpected control character"}
	}
	if !utf8.ValidString(text) {
		return Requirement{}, 0, &Error{Text: strings.ToValidUTF8(text, "\ufffd"), Message: "the text is not UTF-8"}
	}
	written := strings.TrimSpace(withoutComment(text))
	body, options, err := requirementOptions(written)
	if err != nil {
		return Requirement{}, 0, err
	}
	r := Requirement{Written: written}
	for _, o := range options {
		if o.Name == "--hash" {
			r.Hashes = append(r.Hashes, o.Value)
		} else {
			r.Options = append(r.Options, o)
		}
	}
	slices.Sort(r.Hashes)
	r.Hashes = slices.Compact(r.Hashes)
	s := &scanner{text: body}
	switch kind := formOf(body); kind {
	case formURL, formPath:
		err = s.place(&r, kind)
	default:
		err = s.named(&r)
	}
	if err != nil {
		return Requirement{}, 0, err
	}
	return r, s.at, nil
}

// forbidden is characters that would end a line of a requirements file or
// cannot be seen in one.
func forbidden(c rune) bool {
	return c < ' ' && c != '\t' || c == 0x7f || c >= 0x80 && c < 0xa0 || c == '\u2028' || c == '\u2029'
}

// withoutComment is text up to a "#" that starts it or follows a blank.
func withoutComment(text string) string {
	for i := range len(text) {
		if text[i] == '#' && (i == 0 || text[i-1] == ' ' || text[i-1] == '\t') {
			return text[:i]
		}
	}
	return text
}

// named reads a requirement that begins with a name.
func (s *scanner) named(r *Requirement) error {
	name := s.identifier()
	if name == "" {
		return s.noName()
	}
	r.Name = NormalizeName(name)
	s.space()
	extras, err := s.extras()
	if err != nil {
		return err
	}
	r.Extras = extras
	s.space()
	if s.take("@") {
		return s.direct(r)
	}
	open := s.at
	parenthesised := s.take("(")
	if parenthesised {
		s.space()
	}
	if r.Specifiers, err = s.specifiers(); err != nil {
		return err
	}
	if parenthesised {
		s.space()
		if !s.take(")") {
			e := s.fail(s.at, "expected a comma or the closing parenthesis of column %d", open+1)
			if s.done() {
				e.Instead = s.text + ")"
			}
			return e
		}
	}
	s.space()
	if s.done() {
		return nil
	}
	if !s.take(";") {
		return s.afterName(r)
	}
	r.Marker, err = s.marker()
	return err
}

// direct reads what follows "name @".
func (s *scanner) direct(r *Requirement) error {
	s.space()
	end := strings.IndexAny(s.rest(), " \t")
	if end < 0 {
		end = len(s.rest())
	}
	url := s.rest()[:end]
	if url == "" || url == ";" {
		return s.fail(s.at, "expected a URL after %q", "@")
	}
	if !hasScheme(url) {
		return s.fail(s.at, "expected a URL such as https://… after %q", "@")
	}
	r.URL = url
	at := s.at
	s.at += end
	s.space()
	if s.done() {
		if head, marker, found := strings.Cut(url, ";"); found && isMarker(marker) {
			e := s.fail(at+len(head), "expected a space before the %q of a marker, since a URL may have one in it", ";")
			e.Instead = s.text[:at] + head + " ; " + strings.TrimSpace(marker)
			return e
		}
		return nil
	}
	if !s.take(";") {
		if head, found := strings.CutSuffix(url, ";"); found && isMarker(s.rest()) {
			e := s.fail(at+len(head), "expected a space before the %q of a marker, since a URL may have one in it", ";")
			e.Instead = s.text[:at] + head + " ; " + s.rest()
			return e
		}
		return s.fail(s.at, "expected %q and a marker, or the end, after the URL", ";")
	}
	var err error
	r.Marker, err = s.marker()
	return err
}

func isMarker(text string) bool {
	_, err := ParseMarker(text)
	return err == nil
}

func (s *scanner) extras() ([]string, error) {
	open := s.at
	if !s.take("[") {
		return nil, nil
	}
	var all []string
	s.space()
	for s.peek() != ']' || len(all) > 0 {
		one := s.identifier()
		if one == "" {
			return nil, s.fail(s.at, "expected the name of an extra")
		}
		all = append(all, NormalizeName(one))
		s.space()
		if !s.take(",") {
			break
		}
		s.space()
	}
	if !s.take("]") {
		e := s.fail(s.at, "expected a comma or the closing bracket of column %d", open+1)
		if s.done() {
			e.Instead = s.text + "]"
		}
		return nil, e
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// String is the requirement in a normal form: what reads the same asks for the
// same. Its hashes and options follow on the same line.
func (r Requirement) String() string {
	text := r.Name
	if len(r.Extras) > 0 && text != "" {
		text += "[" + strings.Join(r.Extras, ",") + "]"
	}
	switch {
	case r.Path != "":
		text = r.Path
		if len(r.Extras) > 0 {
			text += "[" + strings.Join(r.Extras, ",") + "]"
		}
	case r.bare:
		text = r.URL
	case r.URL != "":
		text += " @ " + r.URL
	default:
		text += r.Specifiers.String()
	}
	if !r.Marker.Empty() {
		text += " ; " + r.Marker.String()
	}
	for _, o := range r.Options {
		text += " " + o.String()
	}
	for _, h := range r.Hashes {
		text += fmt.Sprintf(" --hash=%s", h)
	}
	return text
}
