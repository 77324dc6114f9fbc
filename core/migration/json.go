package migration

import (
	"bytes"
	"encoding/json"

	"github.com/stackrun/stack/core/settings"
)

// asJSON is a value as one line of JSON, keys in the order written.
func asJSON(v *settings.Value, r *reader) string {
	var b bytes.Buffer
	writeJSON(&b, v, r)
	return b.String()
}

func writeJSON(b *bytes.Buffer, v *settings.Value, r *reader) {
	switch v.Kind {
	case settings.Null:
		b.WriteString("null")
	case settings.List:
		b.WriteByte('[')
		for i, item := range v.Items {
			if i > 0 {
				b.WriteString(", ")
			}
			writeJSON(b, item, r)
		}
		b.WriteByte(']')
	case settings.Map:
		b.WriteByte('{')
		for i, e := range v.Entries {
			if i > 0 {
				b.WriteString(", ")
			}
			quoteJSON(b, e.Key)
			b.WriteString(": ")
			writeJSON(b, e.Value, r)
		}
		b.WriteByte('}')
	default:
		writeScalar(b, v, r)
	}
}

func writeScalar(b *bytes.Buffer, v *settings.Value, r *reader) {
	if v.Type == settings.String && r.quoted(v) {
		quoteJSON(b, v.Text)
		return
	}
	text := pythonText(v.Text)
	switch {
	case text == "True":
		b.WriteString("true")
	case text == "False":
		b.WriteString("false")
	case text != "" && text[0] != '"' && json.Valid([]byte(text)):
		b.WriteString(text)
	default:
		quoteJSON(b, v.Text)
	}
}

func quoteJSON(b *bytes.Buffer, text string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if e.Encode(text) == nil {
		b.Truncate(b.Len() - 1) // the encoder ends with a new line
	}
}
