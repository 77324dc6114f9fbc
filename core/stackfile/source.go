package stackfile

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/stackrun/stack/core/diag"
)

// source is a text that was parsed. HCL counts columns in grapheme clusters;
// diagnostics count runes, so the text is needed to convert.
type source struct {
	name     string
	text     []byte
	newlines []int
	placed   bool // a file: positions mean something to the user

	// What was given to the parser, where that is not text: see expandOneLine.
	parsed   []byte
	inserted []int
}

func newSource(name string, text []byte, placed bool) *source {
	s := &source{name: name, text: text, placed: placed, parsed: text}
	for i, b := range text {
		if b == '\n' {
			s.newlines = append(s.newlines, i)
		}
	}
	return s
}

// position is the line and column of a byte of what was parsed.
func (s *source) position(offset int) (line, column int) {
	offset -= sort.SearchInts(s.inserted, offset)
	offset = min(max(offset, 0), len(s.text))
	before := sort.SearchInts(s.newlines, offset)
	start := 0
	if before > 0 {
		start = s.newlines[before-1] + 1
	}
	return before + 1, utf8.RuneCount(s.text[start:offset]) + 1
}

// at converts a range of the parser.
func (s *source) at(r hcl.Range) diag.Range {
	if !s.placed {
		return diag.Range{File: s.name}
	}
	out := diag.Range{File: s.name}
	out.Line, out.Column = s.position(r.Start.Byte)
	out.EndLine, out.EndColumn = s.position(r.End.Byte)
	return out
}

// slice is the text of a range.
func (s *source) slice(r hcl.Range) string {
	if r.Start.Byte < 0 || r.End.Byte > len(s.parsed) || r.Start.Byte > r.End.Byte {
		return ""
	}
	return string(s.parsed[r.Start.Byte:r.End.Byte])
}

// parse reads the text as HCL. What it gives of a text with errors is not whole.
func (s *source) parse() (*hclsyntax.Body, diag.List) {
	if at, what := excess(s.text); at != nil {
		return &hclsyntax.Body{}, diag.List{diag.At(s.at(*at), diag.Syntax, "%s", what)}
	}
	file, problems := hclsyntax.ParseConfig(s.parsed, s.name, hcl.InitialPos)
	if problems.HasErrors() {
		if expanded, inserted := expandOneLine(s.text); len(inserted) > 0 {
			s.parsed, s.inserted = expanded, inserted
			file, problems = hclsyntax.ParseConfig(s.parsed, s.name, hcl.InitialPos)
		}
	}
	list := s.diagnostics(problems, diag.Syntax)
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok {
		panic("the native syntax of HCL was read as something else")
	}
	return body, list
}

// cutSuggestion takes the suggestion out of a detail that HCL wrote.
func cutSuggestion(detail string) (rest, suggestion string) {
	const lead = "Did you mean "
	start := strings.Index(detail, lead)
	if start < 0 {
		return detail, ""
	}
	end := strings.IndexByte(detail[start:], '?')
	if end < 0 {
		return detail, ""
	}
	end += start
	return detail[:start] + strings.TrimSpace(detail[end+1:]), "did you mean " + detail[start+len(lead):end] + "?"
}

// diagnostics converts what HCL found.
func (s *source) diagnostics(problems hcl.Diagnostics, code diag.Code) diag.List {
	var list diag.List
	split := false
	for _, p := range problems {
		if p.Summary == "Invalid multi-line string" {
			if split { // every line after the first one seems wrong as well
				continue
			}
			split = true
		}
		list = append(list, s.diagnostic(p, code))
	}
	return list
}

func (s *source) diagnostic(p *hcl.Diagnostic, code diag.Code) diag.Diagnostic {
	d := diag.New(code, "%s", lowerFirst(strings.TrimSuffix(p.Summary, ".")))
	detail, suggestion := cutSuggestion(p.Detail)
	d = d.Try(suggestion)
	d.Detail = strings.TrimSpace(detail)
	if p.Severity == hcl.DiagWarning {
		d = d.AsWarning()
	}
	at := p.Subject
	if call, ok := p.Extra.(hclsyntax.FunctionCallDiagExtra); ok && call.FunctionCallError() != nil {
		if p.Expression != nil && at != nil && p.Expression.Range().Start == at.Start {
			whole := p.Expression.Range() // not the name and parenthesis alone
			at = &whole
		}
		var unset *unsetError
		if errors.As(call.FunctionCallError(), &unset) {
			d.Code, d.Summary = diag.UnsetVariable, unset.Error()
			d.Detail = fmt.Sprintf("Set it, or give a value to use instead: env(%q, \"…\").", unset.name)
		}
	}
	if p.Summary == "Attribute redefined" {
		d.Code, d.Detail = diag.Duplicate, "It is written above already." // HCL's own words name lines of what was parsed
	}
	if at != nil {
		r := s.at(*at)
		d.Range = &r
	}
	return d
}

func lowerFirst(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	next, _ := utf8.DecodeRuneInString(text[size:])
	if unicode.IsUpper(next) { // an abbreviation
		return text
	}
	return string(unicode.ToLower(r)) + text[size:]
}

// attributes are the attributes of a body in the order written; the parser
// keeps them in a map.
func attributes(body *hclsyntax.Body) []*hclsyntax.Attribute {
	list := make([]*hclsyntax.Attribute, 0, len(body.Attributes))
	for _, a := range body.Attributes {
		list = append(list, a)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].SrcRange.Start.Byte < list[j].SrcRange.Start.Byte })
	return list
}
