package stackfile

import (
	"errors"
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
}

func newSource(name string, text []byte, placed bool) *source {
	s := &source{name: name, text: text, placed: placed}
	for i, b := range text {
		if b == '\n' {
			s.newlines = append(s.newlines, i)
		}
	}
	return s
}

// position is the line and column of a byte.
func (s *source) position(offset int) (line, column int) {
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
	if r.Start.Byte < 0 || r.End.Byte > len(s.text) || r.Start.Byte > r.End.Byte {
		return ""
	}
	return string(s.text[r.Start.Byte:r.End.Byte])
}

// parse reads the text as HCL. The body is nil when nothing of it can be used.
func (s *source) parse() (*hclsyntax.Body, diag.List) {
	file, problems := hclsyntax.ParseConfig(s.text, s.name, hcl.InitialPos)
	list := s.diagnostics(problems, diag.Syntax)
	if file == nil {
		return nil, list
	}
	body, _ := file.Body.(*hclsyntax.Body)
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
	for _, p := range problems {
		d := diag.New(code, "%s", lowerFirst(strings.TrimSuffix(p.Summary, ".")))
		detail, suggestion := cutSuggestion(p.Detail)
		d = d.Try(suggestion)
		d.Detail = strings.TrimSpace(detail)
		if p.Subject != nil {
			r := s.at(*p.Subject)
			d.Range = &r
		}
		if p.Severity == hcl.DiagWarning {
			d = d.AsWarning()
		}
		if p.Summary == "Attribute redefined" {
			d.Code = diag.Duplicate
		}
		var call hclsyntax.FunctionCallDiagExtra
		if extra, ok := p.Extra.(hclsyntax.FunctionCallDiagExtra); ok {
			call = extra
		}
		if call != nil {
			var unset *unsetError
			if errors.As(call.FunctionCallError(), &unset) {
				d.Code = diag.UnsetVariable
				d.Summary = unset.Error()
				d.Detail = `Set it, or give a value to use instead: env("` + unset.name + `", "…").`
			}
		}
		list = append(list, d)
	}
	return list
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
