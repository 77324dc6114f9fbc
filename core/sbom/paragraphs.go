package sbom

import (
	"bytes"
	"strings"
)

// paragraph is fields by name. Debian's control files, Alpine's database and the
// metadata of Python distributions all are "Name: value" lines, with empty lines
// between paragraphs. Of a field that is there twice the first counts.
type paragraph map[string]string

// paragraphs reads all of a text. Lines that continue a value are dropped: none of
// the fields that are needed has any.
func paragraphs(text []byte) []paragraph {
	var out []paragraph
	current := paragraph{}
	end := func() {
		if len(current) > 0 {
			out = append(out, current)
			current = paragraph{}
		}
	}
	for line := range bytes.Lines(text) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			end()
			continue
		}
		name, value, ok := strings.Cut(string(line), ":")
		if !ok || line[0] == ' ' || line[0] == '\t' {
			continue
		}
		if _, twice := current[name]; !twice {
			current[name] = strings.TrimSpace(strings.ToValidUTF8(value, "\uFFFD"))
		}
	}
	end()
	return out
}
