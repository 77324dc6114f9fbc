package settings

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// Plain is v as Go values that encode to JSON: nil, string, bool, json.Number,
// []any, map[string]any. Numbers keep their text where JSON can write it; those
// it has no number for, such as .inf, are text.
func (v *Value) Plain() any {
	if v == nil {
		return nil
	}
	switch v.Kind {
	case List:
		out := make([]any, len(v.Items))
		for i, item := range v.Items {
			out[i] = item.Plain()
		}
		return out
	case Map:
		out := make(map[string]any, len(v.Entries))
		for _, e := range v.Entries {
			out[e.Key] = e.Value.Plain()
		}
		return out
	case Scalar:
		return v.plainScalar()
	}
	return nil
}

func (v *Value) plainScalar() any {
	switch v.Type {
	case Bool:
		return strings.EqualFold(v.Text, "true")
	case Int, Float:
		if json.Valid([]byte(v.Text)) {
			return json.Number(v.Text)
		}
		if n, err := parseInt(v.Text, 64); err == nil {
			return json.Number(strconv.FormatInt(n, 10))
		}
		if f, err := strconv.ParseFloat(v.Text, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return json.Number(strconv.FormatFloat(f, 'g', -1, 64))
		}
	}
	return v.Text
}

// parseInt reads an integer as YAML 1.2 writes it: 010 is ten.
func parseInt(text string, bits int) (int64, error) {
	base, digits := 10, text
	switch {
	case strings.HasPrefix(text, "0x"):
		base, digits = 16, text[2:]
	case strings.HasPrefix(text, "0o"):
		base, digits = 8, text[2:]
	case strings.HasPrefix(text, "0b"):
		base, digits = 2, text[2:]
	}
	if base != 10 && (digits == "" || digits[0] == '+' || digits[0] == '-') {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseInt(digits, base, bits)
}

// PlainText is v on one line for people, as YAML writes it: text is in quotes
// only where it would be taken for something else without.
func (v *Value) PlainText() string {
	var b strings.Builder
	v.write(&b)
	return b.String()
}

func (v *Value) write(b *strings.Builder) {
	if v == nil {
		b.WriteString("null")
		return
	}
	switch v.Kind {
	case List:
		b.WriteByte('[')
		for i, item := range v.Items {
			if i > 0 {
				b.WriteString(", ")
			}
			item.write(b)
		}
		b.WriteByte(']')
	case Map:
		b.WriteByte('{')
		for i, e := range v.Entries {
			if i > 0 {
				b.WriteString(", ")
			}
			writeText(b, e.Key)
			b.WriteString(": ")
			e.Value.write(b)
		}
		b.WriteByte('}')
	case Scalar:
		if v.Type == String {
			writeText(b, v.Text)
			return
		}
		b.WriteString(v.Text)
	default:
		b.WriteString("null")
	}
}

func writeText(b *strings.Builder, text string) {
	if plainText(text) {
		b.WriteString(text)
		return
	}
	// What is special in YAML's double quotes is so in JSON's too.
	var quoted strings.Builder
	enc := json.NewEncoder(&quoted)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(text); err != nil {
		b.WriteString(strconv.Quote(text))
		return
	}
	b.WriteString(strings.TrimSuffix(quoted.String(), "\n"))
}

// plainText reports whether text is itself in YAML without quotes.
func plainText(text string) bool {
	if kind, typ := coreType(text); kind != Scalar || typ != String {
		return false
	}
	if strings.TrimSpace(text) != text || strings.ContainsAny(text, "[]{},\"'`\\") || strings.ContainsAny(text[:1], "?:&*!|>%@#=<~") {
		return false
	}
	if text[0] == '-' && (len(text) == 1 || text[1] == ' ' || strings.HasPrefix(text, "---")) || strings.HasPrefix(text, "...") {
		return false
	}
	for _, c := range text {
		if !strconv.IsPrint(c) {
			return false
		}
	}
	return !strings.Contains(text, ": ") && !strings.Contains(text, " #") && !strings.HasSuffix(text, ":")
}
