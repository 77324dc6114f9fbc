package requirement

import (
	"strconv"
	"strings"

	"github.com/stackrun/stack/core/diag"
)

// Kind is what a line of a requirements file is.
type Kind string

// The kinds of lines.
const (
	Blank      Kind = "blank"       // nothing but a comment
	Required   Kind = "requirement" // Line.Requirement
	Include    Kind = "include"     // -r: Line.Path
	Constraint Kind = "constraint"  // -c: Line.Path
	Editable   Kind = "editable"    // -e: Line.Path, and Line.Requirement as far as it can be read
	Options    Kind = "options"     // Line.Options, one or more
)

// Line is a logical line of a requirements file.
type Line struct {
	Kind        Kind
	Requirement Requirement
	Path        string // of -r, -c and -e; a path or URL as written, without quotes
	Options     []Option
}

// ParseLine tells what a logical line of a requirements file is: one whose
// continuations are joined. A comment in it is left out. Every spelling that
// pip takes is known: -r file, -rfile, --requirement=file, values in quotes.
//
// Errors are of type *Error.
func ParseLine(text string) (Line, error) {
	line := strings.TrimSpace(withoutComment(text))
	if line == "" {
		return Line{Kind: Blank}, nil
	}
	if line[0] != '-' {
		r, err := Parse(text)
		return Line{Kind: Required, Requirement: r}, err
	}
	if at := strings.IndexFunc(text, forbidden); at >= 0 {
		return Line{}, &Error{Text: text, Offset: at, Message: "unexpected control character"}
	}
	all, ok := words(line)
	if !ok {
		return Line{}, &Error{Text: line, Message: "a quote has no end"}
	}
	if marked, rest, found := editableOf(line); found {
		return editableLine(line, marked, rest)
	}
	at := func(word string) int { return placeOf(line, 0, word) }
	found, kinds, err := readOptions(line, all, at)
	if err != nil {
		return Line{}, err
	}
	if kinds[0].name == "--editable" { // options of one requirement may follow
		for i := len(kinds) - 1; i > 0 && kinds[i].ofOne; i-- {
			kinds = kinds[:i]
		}
		found = found[:len(kinds)]
	}
	for i, kind := range kinds {
		if kind.ofOne {
			return Line{}, &Error{Text: line, Offset: at(found[i].Name), Message: kind.name + " stands after the requirement that it is for"}
		}
		special := map[string]Kind{"--requirement": Include, "--constraint": Constraint, "--editable": Editable}[kind.name]
		if special == "" {
			continue
		}
		if len(found) > 1 {
			return Line{}, &Error{Text: line, Offset: at(kind.name), Message: kind.name + " stands on a line of its own"}
		}
		if special == Editable {
			return editableLine(line, found[i].Value, "")
		}
		return Line{Kind: special, Path: found[i].Value}, nil
	}
	return Line{Kind: Options, Options: found}, nil
}

// editableOf reads -e with a target that has a marker after it, whose quotes
// are the marker's own.
func editableOf(line string) (target, rest string, found bool) {
	for _, option := range []string{"--editable", "-e"} {
		after, ok := strings.CutPrefix(line, option)
		if !ok {
			continue
		}
		after = strings.TrimLeft(after, " \t=")
		if at := strings.Index(after, ";"); at > 0 && !strings.ContainsAny(after[:at], `"'\`) {
			return strings.TrimSpace(after[:at]), after[at:], true
		}
	}
	return "", "", false
}

func editableLine(line, target, rest string) (Line, error) {
	written := target
	if rest != "" {
		written += " " + rest
	}
	if formOf(target) == formName && !strings.Contains(target, "@") { // a folder, such as "src"
		name, extras, _ := strings.Cut(target, "[")
		written = "./" + name
		if extras != "" {
			written += "[" + extras
		}
		if rest != "" {
			written += " " + rest
		}
	}
	r, err := Parse(written)
	if err != nil {
		return Line{}, &Error{Text: line, Offset: placeOf(line, 0, target), Message: "expected a folder or a VCS URL to install as editable"}
	}
	r.Written = line
	return Line{Kind: Editable, Path: target, Requirement: r}, nil
}

func nearest(word string, candidates []string) string { return diag.Nearest(word, candidates) }

func itoa(n int) string { return strconv.Itoa(n) }
