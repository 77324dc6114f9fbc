package image

import (
	"regexp"
	"strings"
	"sync"

	"github.com/stackrun/stack/core/requirement"
)

// logicalLine is a line with its continuations.
type logicalLine struct {
	number int
	text   string
}

// logicalLines reads a requirements file as pip does: a backslash at the end
// joins lines, "#" at the start or after a space begins a comment.
func logicalLines(text string) []logicalLine {
	var all []logicalLine
	joined, start := "", 0
	for i, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if start == 0 {
			start = i + 1
		}
		comment := strings.HasPrefix(strings.TrimSpace(line), "#")
		if !comment && strings.HasSuffix(line, `\`) {
			joined += strings.TrimSuffix(line, `\`)
			continue
		}
		joined += line
		if at := commentStart().FindStringIndex(joined); at != nil {
			joined = joined[:at[0]]
		}
		if t := strings.Join(strings.Fields(joined), " "); t != "" {
			all = append(all, logicalLine{start, t})
		}
		joined, start = "", 0
	}
	if t := strings.Join(strings.Fields(joined), " "); t != "" {
		all = append(all, logicalLine{start, t})
	}
	return all
}

// splitRequirement is the name with extras, and the rest without spaces.
func splitRequirement(text string) (name, rest string) {
	name = nameShape().FindString(text)
	rest = strings.TrimSpace(text[len(name):])
	if strings.HasPrefix(rest, "[") {
		if end := strings.IndexByte(rest, ']'); end > 0 {
			name, rest = name+rest[:end+1], strings.TrimSpace(rest[end+1:])
		}
	}
	return name, strings.ReplaceAll(rest, " ", "")
}

// normalized is the name of a requirement as PEP 503 compares names; a line
// that has none is itself.
func normalized(text string) string {
	if name := requirement.Name(text); name != "" {
		return name
	}
	return text
}

var commentStart = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(^|\s)#`) })

var nameShape = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?`) })
