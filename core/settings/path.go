package settings

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/stackrun/stack/core/diag"
)

// Part is one step of a path into a tree: a key of a map, or, where Key is
// empty, the index of an item of a list.
type Part struct {
	Key   string
	Index int
}

// ParsePath reads a path such as steps.train.image.requirements[0]. A key with
// a dot, a bracket or a quote in it stands in quotes: steps."a.b".image, where
// \" and \\ are the characters themselves; one of a matrix's steps needs none:
// steps.train[lr=0.1].image. The empty path is the root. The error
// is a diag.List.
func ParsePath(path string) ([]Part, error) {
	parts, rest, err := readPath(path)
	if err == nil && rest != "" {
		err = fmt.Errorf("the path %q has %q in it", path, rest[:1])
	}
	if err != nil {
		return nil, diag.List{diag.New(diag.SettingPath, "%s", err)}
	}
	return parts, nil
}

// readPath reads a path up to its end or an "=".
func readPath(text string) (parts []Part, rest string, err error) {
	whole := text
	if text == "" {
		return nil, "", nil
	}
	for {
		var key string
		switch {
		case text != "" && (text[0] == '"' || text[0] == '\''):
			key, text, err = readQuoted(text)
			if err != nil {
				return nil, "", err
			}
		default:
			end := bareEnd(text)
			key, text = text[:end], text[end:]
		}
		if key == "" {
			return nil, "", fmt.Errorf("the path %q has an empty part", cutShort(whole))
		}
		parts = append(parts, Part{Key: key})
		for strings.HasPrefix(text, "[") {
			end := strings.IndexByte(text, ']')
			index, numeric := -1, error(strconv.ErrSyntax)
			if end > 0 {
				index, numeric = strconv.Atoi(text[1:end])
			}
			if numeric != nil || index < 0 {
				return nil, "", fmt.Errorf("the path %q has a [ that is not followed by the number of an item", cutShort(whole))
			}
			parts, text = append(parts, Part{Index: index}), text[end+1:]
		}
		if text == "" || text[0] == '=' {
			return parts, text, nil
		}
		if text[0] != '.' {
			return nil, "", fmt.Errorf("the path %q needs a dot before %q", cutShort(whole), cutShort(text))
		}
		text = text[1:]
	}
}

// bareEnd is the length of the key at the start of text. Brackets around
// anything but a number belong to the key.
func bareEnd(text string) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '.', '=', '"', '\'':
			return i
		case '[':
			end := strings.IndexByte(text[i:], ']')
			if end < 0 || isNumber(text[i+1:i+end]) {
				return i
			}
			i += end
		}
	}
	return len(text)
}

func isNumber(text string) bool {
	return text == "" || strings.Trim(text, "0123456789") == ""
}

func readQuoted(text string) (key, rest string, err error) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == text[0]:
			return b.String(), text[i+1:], nil
		case c == '\\' && text[0] == '"' && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\\'):
			i++
			b.WriteByte(text[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", fmt.Errorf("the quote in %q is not closed", cutShort(text))
}

func cutShort(text string) string {
	if r := []rune(text); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return text
}

// JoinPath is the path that ParsePath reads as parts.
func JoinPath(parts ...Part) string {
	var b strings.Builder
	for i, p := range parts {
		if p.Key == "" {
			fmt.Fprintf(&b, "[%d]", p.Index)
			continue
		}
		if i > 0 {
			b.WriteByte('.')
		}
		if bareEnd(p.Key) == len(p.Key) {
			b.WriteString(p.Key)
			continue
		}
		b.WriteString(`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(p.Key) + `"`)
	}
	return b.String()
}
