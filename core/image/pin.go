package image

import (
	"fmt"
	"strings"
)

// rewritten is c's text with every image named by its digest, so that what is
// built is what the key says. Everything else stays byte for byte, and every
// instruction on its line.
func (c *custom) rewritten() (string, error) {
	text := c.text
	for _, u := range c.uses {
		next, err := u.apply(text, pinned(u.reference, c.digestOf(u)))
		if err != nil {
			return "", fmt.Errorf("pin %s in the Dockerfile: %w", u.reference, err)
		}
		text = next
	}
	return text, nil
}

// apply is text with u naming the image as pinned.
func (u use) apply(text, pinned string) (string, error) {
	lines := strings.SplitAfter(text, "\n")
	if u.first < 1 || u.end > len(lines) {
		return "", fmt.Errorf("line %d is not there", u.first)
	}
	if u.written == "" { // FROM: one line, and as many as there were
		ending := "\n"
		if strings.HasSuffix(lines[u.end-1], "\r\n") {
			ending = "\r\n"
		}
		for i := u.first; i < u.end; i++ {
			lines[i] = ending
		}
		if !strings.HasSuffix(lines[u.first-1], "\n") {
			ending = ""
		}
		lines[u.first-1] = u.rewrite(pinned) + ending
		return strings.Join(lines, ""), nil
	}
	for i := u.first - 1; i < u.end; i++ {
		if i > u.first-1 && strings.HasPrefix(strings.TrimSpace(lines[i]), "#") {
			continue
		}
		if at := wordAt(lines[i], u.written); at >= 0 {
			lines[i] = lines[i][:at] + u.rewrite(pinned) + lines[i][at+len(u.written):]
			return strings.Join(lines, ""), nil
		}
	}
	return "", fmt.Errorf("the name of the image is not found as it was read, %q", u.written)
}

// wordAt is where word is in line with nothing of a word around it, or -1.
func wordAt(line, word string) int {
	for from := 0; ; {
		at := strings.Index(line[from:], word)
		if at < 0 {
			return -1
		}
		at += from
		end := at + len(word)
		before := at == 0 || strings.ContainsRune(" \t,=", rune(line[at-1]))
		after := end == len(line) || strings.ContainsRune(" \t,\r\n\\", rune(line[end]))
		if before && after {
			return at
		}
		from = end
	}
}
