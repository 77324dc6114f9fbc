package requirement

import "fmt"

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
		return fmt.Sprintf("%s at the end of %q", e.Message, e.Text)
	}
	return fmt.Sprintf("%s at %q, column %d of %q", e.Message, clip(e.Text[e.Offset:]), len([]rune(e.Text[:e.Offset]))+1, e.Text)
}

// Suggestion is the way out, or empty.
func (e *Error) Suggestion() string {
	if e.Instead == "" {
		return ""
	}
	return "write " + e.Instead
}

func clip(text string) string {
	if runes := []rune(text); len(runes) > 24 {
		return string(runes[:23]) + "…"
	}
	return text
}
