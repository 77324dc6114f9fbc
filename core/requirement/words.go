package requirement

import "strings"

// words splits a text as a POSIX shell does, with quotes and backslashes and
// without anything else; ok is false where a quote has no end.
func words(text string) (all []string, ok bool) {
	var word strings.Builder
	inside := false
	var quote byte
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == '\'':
			word.WriteByte(c)
		case quote == '"' && c == '\\' && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\\'):
			i++
			word.WriteByte(text[i])
		case quote != 0:
			word.WriteByte(c)
		case c == '\'' || c == '"':
			quote, inside = c, true
		case c == '\\':
			if i++; i == len(text) {
				return nil, false
			}
			word.WriteByte(text[i])
			inside = true
		case c == ' ' || c == '\t':
			if inside {
				all = append(all, word.String())
			}
			word.Reset()
			inside = false
		default:
			word.WriteByte(c)
			inside = true
		}
	}
	if quote != 0 {
		return nil, false
	}
	if inside {
		all = append(all, word.String())
	}
	return all, true
}

// quoted is a word that reads as itself, in a line that does not end in a
// backslash and has no comment.
func quoted(word string) string {
	plain := func(c rune) bool {
		return c > 0x7f || letter(byte(c)) || digit(byte(c)) || strings.ContainsRune("-_.:/=+@%,~*!?&{}[]()<>|;^$#", c)
	}
	if word != "" && strings.IndexFunc(word, func(c rune) bool { return !plain(c) }) < 0 {
		return word
	}
	if !strings.Contains(word, "'") && !strings.Contains(word, " #") && !strings.Contains(word, "\t#") {
		return "'" + word + "'"
	}
	var b strings.Builder
	for _, c := range word {
		switch {
		case c == '\\':
			b.WriteString(`'\'`)
		case plain(c):
			b.WriteRune(c)
		default:
			b.WriteString(`\` + string(c))
		}
	}
	return b.String()
}
