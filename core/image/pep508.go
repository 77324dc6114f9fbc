package image

import (
	"regexp"
	"strings"
	"sync"

	"github.com/stackrun/stack/core/requirement"
)

// PEP 508 in its shape: a name, extras, then versions or "@ url", then a
// marker and options such as --hash. What the parts mean is the installer's.
var (
	pep508 = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\s*(\[[A-Za-z0-9._, \t-]*\])?\s*` +
			`(@\s*[A-Za-z][A-Za-z0-9+.-]*:\S+|\(?\s*((===|~=|==|!=|<=|>=|<|>)\s*[A-Za-z0-9.*+!_-]+\s*,?\s*)+\)?)?` +
			`(\s*;[^;]+)?(\s+--(hash|config-settings?|global-option)[= ]\S+)*\s*$`)
	})
	urlRequirement = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^((git|hg|svn|bzr)\+)?[a-z]+://\S+(\s*;.+)?(\s+--hash[= ]\S+)*$`)
	})
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

// includeOf reads "-r FILE" or "-c FILE" in any of their spellings.
func includeOf(text string) (option, file string, ok bool) {
	m := includeOption().FindStringSubmatch(text)
	if m == nil || m[2] == "" && strings.HasPrefix(m[1], "--") {
		return "", "", false
	}
	option = "-r"
	if strings.HasPrefix(strings.TrimLeft(m[1], "-"), "c") {
		option = "-c"
	}
	return option, strings.Trim(m[3], `"'`), true
}

func editable(text string) bool {
	return text == "-e" || strings.HasPrefix(text, "-e ") || strings.HasPrefix(text, "-e=") || strings.HasPrefix(text, "--editable")
}

// localRequirement reports whether text names a file or a folder.
func localRequirement(text string) bool {
	_, target, isURL := strings.Cut(text, "@ ")
	if !isURL {
		target = text
	}
	if strings.HasPrefix(target, "file:") || strings.HasPrefix(text, ".") || strings.HasPrefix(text, "/") || strings.HasPrefix(text, "~") {
		return true
	}
	if strings.Contains(text, "://") {
		return false
	}
	first := firstWord(text)
	return strings.ContainsRune(first, '/') || strings.HasSuffix(first, ".whl") || strings.HasSuffix(first, ".tar.gz") || strings.HasSuffix(first, ".zip")
}

func firstWord(text string) string {
	word, _, _ := strings.Cut(text, " ")
	word, _, _ = strings.Cut(word, "=")
	return word
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

var includeOption = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(-r|--requirement|-c|--constraint)(\s*=\s*|\s+|)(\S.*)$`)
})

var nameShape = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?`) })
