package flow

import (
	"strings"
	"unicode/utf8"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

// source is the text of the file, to say where inside a value something is.
type source struct{ lines []string }

func newSource(data []byte) source {
	return source{lines: strings.Split(strings.TrimPrefix(string(data), "\ufeff"), "\n")}
}

// at is where s is in the file. Only YAML's escapes can hide a "${{"; then it
// is the value's own place.
func (s source) at(v *settings.Value, at spot) diag.Range {
	line, column := v.Range.Line, v.Range.Column
	if line < 1 || line > len(s.lines) {
		return v.Range
	}
	skip := skipRunes(s.lines[line-1], column-1)
	seen := 0
	for ; line <= len(s.lines); line, skip = line+1, 0 {
		text := s.lines[line-1]
		for {
			i := strings.Index(text[skip:], opening)
			if i < 0 {
				break
			}
			if seen == at.nth {
				column = utf8.RuneCountInString(text[:skip+i]) + 1 + at.offset
				return diag.Range{File: v.Range.File, Line: line, Column: column, EndLine: line, EndColumn: column + at.width}
			}
			seen++
			skip += i + len(opening)
		}
	}
	return v.Range
}

// skipRunes is the byte offset of the nth character.
func skipRunes(text string, n int) int {
	offset := 0
	for ; n > 0 && offset < len(text); n-- {
		_, size := utf8.DecodeRuneInString(text[offset:])
		offset += size
	}
	return offset
}
