package image

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longest is how many bytes a value may have to be written into a Dockerfile:
// the parser of older engines takes no line of 64 KiB or more.
const longest = 16 << 10

// quoted is s as a word of ENV, ARG, LABEL or COPY, whose expansion gives s.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`).Replace(s) + `"`
}

// literal reports whether s can be written into a Dockerfile by quoted. Others
// hold characters that end a line or are trimmed, or are too long.
func literal(s string) bool {
	return len(s) <= longest && !strings.ContainsFunc(s, unicode.IsControl)
}

// carried is text that can be handed to a build at all.
func carried(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsRune(s, 0)
}

// word is s as the argument of WORKDIR or USER, which is a line and not a list
// of words, and is expanded all the same.
func word(s string) string {
	if strings.HasPrefix(s, "\ufeff") { // which their scanner skips at the start
		return quoted(s)
	}
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, `'`, `\'`, `$`, `\$`).Replace(s)
}

// array is the JSON form of an instruction. "<" is escaped, so that no parser
// looks for a heredoc; nothing in it is expanded.
func array(words ...string) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, w := range words {
		if i > 0 {
			b.WriteString(", ")
		}
		var text strings.Builder
		e := json.NewEncoder(&text)
		e.SetEscapeHTML(false) // & and > are easier to read as they are
		if err := e.Encode(w); err != nil {
			panic(fmt.Sprintf("a string cannot be encoded: %v", err))
		}
		b.WriteString(strings.ReplaceAll(strings.TrimSuffix(text.String(), "\n"), "<", `\u003c`))
	}
	b.WriteByte(']')
	return b.String()
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
