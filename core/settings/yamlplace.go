package settings

import (
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/stackrun/stack/core/diag"
)

// The core schema of YAML 1.2.2, section 10.3.2.
var (
	coreInt   = regexp.MustCompile(`^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$`)
	coreFloat = regexp.MustCompile(`^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)
)

// coreType is what the core schema takes a plain scalar for.
func coreType(text string) (Kind, ScalarType) {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return Null, ""
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return Scalar, Bool
	}
	switch c := text[0]; {
	case c != '+' && c != '-' && c != '.' && (c < '0' || c > '9'):
		return Scalar, String
	case coreInt.MatchString(text):
		return Scalar, Int
	case coreFloat.MatchString(text):
		return Scalar, Float
	}
	return Scalar, String
}

// at is where n is written, with its end where that is known.
func (p *yamlReader) at(n *yaml.Node) diag.Range {
	r := diag.Range{Line: max(n.Line, 1), Column: max(n.Column, 1)}
	if n.Kind == yaml.ScalarNode && p.places {
		if width := p.width(n, r); width > 0 {
			r.EndLine, r.EndColumn = r.Line, r.Column+width
		}
	}
	return p.place(r)
}

// place is r with the file's name, and without lines where they would mean
// nothing to the user.
func (p *yamlReader) place(r diag.Range) diag.Range {
	if !p.places {
		return diag.Range{File: p.file}
	}
	r.File = p.file
	return r
}

// width is how many characters a scalar on one line takes as written, or zero.
func (p *yamlReader) width(n *yaml.Node, r diag.Range) int {
	rest := p.from(r.Line, r.Column)
	if rest == "" {
		return 0
	}
	switch quote := rest[0]; {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) != 0 || n.Anchor != "":
		return 0
	case quote == '"' && n.Style&yaml.DoubleQuotedStyle != 0:
		for i := 1; i < len(rest); i++ {
			if rest[i] == '\\' {
				i++
			} else if rest[i] == '"' {
				return utf8.RuneCountInString(rest[:i+1])
			}
		}
		return 0
	case quote == '\'' && n.Style&yaml.SingleQuotedStyle != 0:
		for i := 1; i < len(rest); i++ {
			if rest[i] != '\'' {
				continue
			}
			if i+1 < len(rest) && rest[i+1] == '\'' {
				i++
				continue
			}
			return utf8.RuneCountInString(rest[:i+1])
		}
		return 0
	case strings.HasPrefix(rest, n.Value):
		return utf8.RuneCountInString(n.Value)
	}
	return 0
}

// from is the rest of a line, beginning at a column. Nodes come in the order of
// the text, so going on where the last one was keeps long lines cheap.
func (p *yamlReader) from(line, column int) string {
	if line > len(p.lines) {
		return ""
	}
	if p.seen.line != line || p.seen.column > column {
		p.seen = seen{line: line, column: 1}
	}
	text := p.lines[line-1]
	for p.seen.column < column && p.seen.offset < len(text) {
		_, size := utf8.DecodeRuneInString(text[p.seen.offset:])
		p.seen.offset, p.seen.column = p.seen.offset+size, p.seen.column+1
	}
	return text[p.seen.offset:]
}

// seen is a place in the text, by column and by byte.
type seen struct{ line, column, offset int }

// syntax is a syntax error with its place.
func (p *yamlReader) syntax(err error) diag.Diagnostic {
	r := diag.Range{Line: 1, Column: 1}
	message := err.Error()
	var load *yaml.LoadError
	if errors.As(err, &load) {
		if load.Mark.Line > 0 {
			r.Line, r.Column = load.Mark.Line, max(load.Mark.Column, 1)
		}
		message = load.Message
	}
	d := diag.At(p.place(r), diag.Syntax, "%s", strings.ReplaceAll(message, "\n", " "))
	if load != nil && load.ContextMsg != "" {
		d = d.Because("Found %s.", load.ContextMsg)
	}
	return d
}

// invalidUTF8 is the place of the first byte that is no text.
func invalidUTF8(data []byte) diag.Range {
	r := diag.Range{Line: 1, Column: 1}
	for len(data) > 0 {
		c, size := utf8.DecodeRune(data)
		if c == utf8.RuneError && size <= 1 {
			break
		}
		if c == '\n' {
			r.Line, r.Column = r.Line+1, 0
		}
		r.Column++
		data = data[size:]
	}
	return r
}
