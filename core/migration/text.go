package migration

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/settings"
)

// reference is what ZenML fills in from the client's environment, in every
// text and before anything else looks at it: utils/env_utils.py.
var reference = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\$\{([a-zA-Z0-9_]+)\}`) })

var variable = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`) })

// opening begins an expression in a flow, wherever it stands.
const opening = "${{"

// expanded is text for a setting in which ${VAR} is read here too: a dollar
// that was only a dollar stays one.
func expanded(text string) (string, bool) {
	if strings.Contains(text, opening) {
		return "", false
	}
	var b strings.Builder
	for text != "" {
		if m := reference().FindStringSubmatchIndex(text); m != nil && m[0] == 0 {
			if !variable().MatchString(text[m[2]:m[3]]) {
				return "", false
			}
			b.WriteString(text[:m[1]])
			text = text[m[1]:]
			continue
		}
		b.WriteByte(text[0])
		if text[0] == '$' && len(text) > 1 && (text[1] == '$' || text[1] == '{') {
			b.WriteByte('$')
		}
		text = text[1:]
	}
	return b.String(), true
}

// filled is text for a setting in which no variable is read here: what ZenML
// fills in becomes a param of the flow, which is given when it is run.
func (r *reader) filled(p place, to, text string) (string, bool) {
	if strings.Contains(text, opening) {
		r.leftOut(p, "%s would begin an expression in a flow", opening)
		return "", false
	}
	if !reference().MatchString(text) {
		return text, true
	}
	var given []string
	out := reference().ReplaceAllStringFunc(text, func(ref string) string {
		name := ref[2 : len(ref)-1]
		param := r.params.ofVariable(name)
		given = append(given, "-p "+param+`="$`+name+`"`)
		return opening + " params." + param + " }}"
	})
	r.changed(p, to, "environment variables are not read here, so it became a param: run with %s", strings.Join(given, " "))
	return out, true
}

// secretURL is a URL whose user or password comes from a variable.
var secretURL = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`://[^/\s@]*\$\{[a-zA-Z0-9_]+\}[^/\s@]*@`)
})

// holdsSecret reports whether text has a credential in it, by the rule that
// image settings are checked with.
func holdsSecret(text string) bool {
	for _, d := range (image.Settings{RuntimeEnv: map[string]string{"X": text}}).Check(nil) {
		if d.Code == diag.SecretInPlain {
			return true
		}
	}
	return false
}

// soundsSecret reports whether a variable of this name is warned of.
func soundsSecret(name string) bool {
	for _, d := range (image.Settings{RuntimeEnv: map[string]string{name: "x"}}).Check(nil) {
		if d.Code == diag.SecretName {
			return true
		}
	}
	return false
}

// YAML 1.1 as PyYAML resolves it, which is what ZenML reads files with.
var (
	oldBool = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:yes|no|true|false|on|off)$`) })
	oldInt  = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+)$`)
	})
	oldClock = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$`) })
	oldFloat = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+][0-9]+)?$`)
	})
)

// pythonText is what Python makes of a plain value when it turns it into text:
// True for true and yes, None for nothing, 8 for 010, 1.1 for 1.10.
func pythonText(plain string) string {
	word := strings.ToLower(plain)
	number := strings.ReplaceAll(plain, "_", "")
	switch {
	case plain == "" || plain == "~" || word == "null" && cased(plain, word):
		return "None"
	case oldBool().MatchString(word) && cased(plain, word):
		if word == "yes" || word == "true" || word == "on" {
			return "True"
		}
		return "False"
	case oldInt().MatchString(plain):
		if n, err := strconv.ParseInt(number, 0, 64); err == nil { // 010 is octal there too
			return strconv.FormatInt(n, 10)
		}
	case oldClock().MatchString(plain):
		sum := int64(0)
		for _, part := range strings.Split(strings.TrimLeft(number, "+-"), ":") {
			n, err := strconv.ParseInt(part, 10, 64)
			if err != nil || sum > math.MaxInt64/100 {
				return plain
			}
			sum = sum*60 + n
		}
		if plain[0] == '-' {
			sum = -sum
		}
		return strconv.FormatInt(sum, 10)
	case oldFloat().MatchString(plain):
		if f, err := strconv.ParseFloat(number, 64); err == nil {
			return pythonFloat(f)
		}
	}
	return plain
}

// cased reports whether text is a word, a Word or a WORD.
func cased(text, word string) bool {
	return text == word || text == strings.ToUpper(word) || text == strings.ToUpper(word[:1])+word[1:]
}

// pythonFloat is repr of a float: the shortest digits, with an exponent below
// 1e-4 and from 1e16 on, and a point in any case.
func pythonFloat(f float64) string {
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// asText is the text that ZenML makes of a value for a variable or an option;
// differs says that it is not what was written.
func (r *reader) asText(v *settings.Value) (text string, differs bool) {
	switch {
	case v.Kind == settings.Null:
		return "None", true
	case v.Type == settings.String && r.quoted(v):
		return v.Text, false
	}
	text = pythonText(v.Text)
	return text, text != v.Text
}

// quoted reports whether a scalar stands in quotes, or in a block of lines.
func (r *reader) quoted(v *settings.Value) bool {
	if v.Range.Line < 1 || v.Range.Line > len(r.lines) {
		return true
	}
	line := []rune(r.lines[v.Range.Line-1])
	if v.Range.Column < 1 || v.Range.Column > len(line) {
		return true
	}
	return strings.ContainsRune(`"'|>!`, line[v.Range.Column-1])
}

// isPlain reports whether text can stand without quotes for a reader of YAML
// 1.1 too. What else needs quotes the encoder knows.
func isPlain(text string) bool { return pythonText(text) == text && text != "" }

// block reports whether text can stand as lines of its own.
func block(text string) bool {
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if strings.TrimSpace(line) == "" || strings.TrimRight(line, " ") != line || strings.ContainsFunc(line, unicode.IsControl) {
			return false
		}
	}
	return text[0] != ' ' && !strings.HasSuffix(text, "\n\n")
}
