package image

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
)

var reference = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*)|:\?([^}]*))?\}`)
})

// expand replaces ${VAR}, ${VAR:-default} and ${VAR:?message} in text by the
// caller's environment. "$$" is a dollar, and a dollar before anything else
// stays. What comes from the environment is not expanded again.
func expand(text string, lookup func(string) (string, bool)) (string, error) {
	if !strings.Contains(text, "$") {
		return text, nil
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		if text[i] != '$' {
			b.WriteByte(text[i])
			i++
			continue
		}
		if strings.HasPrefix(text[i:], "$$") {
			b.WriteByte('$')
			i += 2
			continue
		}
		m := reference().FindStringSubmatch(text[i:])
		if m == nil {
			b.WriteByte('$')
			i++
			continue
		}
		value, ok := "", false
		if lookup != nil {
			value, ok = lookup(m[1])
		}
		switch {
		case strings.HasPrefix(m[2], ":-"):
			if value == "" {
				value = m[3]
			}
		case strings.HasPrefix(m[2], ":?"):
			if value == "" {
				if m[4] != "" {
					return "", fmt.Errorf("environment variable %s is not set: %s", m[1], m[4])
				}
				return "", fmt.Errorf("environment variable %s is not set", m[1])
			}
		case !ok:
			return "", fmt.Errorf("environment variable %s is not set", m[1])
		}
		b.WriteString(value)
		i += len(m[0])
	}
	return b.String(), nil
}
