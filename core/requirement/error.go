package requirement

import (
	"fmt"
	"strings"
)

// Error is a text that is not what it should be: where, what was expected
// there, and where one is near, what was meant.
type Error struct {
	Text    string // what was read
	Offset  int    // in bytes, where it goes wrong
	Message string // what was expected, or what is wrong
	Instead string // what to write instead, or empty
}

func (e *Error) Error() string {
	if e.Offset >= len(e.Text) {
		return fmt.Sprintf("%s at the end of %q", e.Message, Redacted(e.Text))
	}
	return fmt.Sprintf("%s at %q, column %d of %q", e.Message, clip(Redacted(e.Text[e.Offset:])), len([]rune(e.Text[:e.Offset]))+1, Redacted(e.Text))
}

// Suggestion is the way out, or empty.
func (e *Error) Suggestion() string {
	if e.Instead == "" {
		return ""
	}
	return "write " + Redacted(e.Instead)
}

// Redacted is a text with "…" in place of the user and password of each URL
// in it. Whoever shows a requirement that may have some shows it so.
func Redacted(text string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "://")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		out.WriteString("://")
		end := strings.IndexAny(rest, "/ \t?#\"'")
		if end < 0 {
			end = len(rest)
		}
		if at := strings.LastIndexByte(rest[:end], '@'); at >= 0 {
			if rest[:at] != "git" { // git@ is how ssh URLs are written
				out.WriteString("…@")
				rest = rest[at+1:]
			}
		}
		text = rest
	}
}

func clip(text string) string {
	if runes := []rune(text); len(runes) > 24 {
		return string(runes[:23]) + "…"
	}
	return text
}
