package settings

import (
	"strconv"
	"strings"

	"github.com/stackrun/stack/core/diag"
)

func (d *decoder) wrong(v *Value, name, want string) {
	out := wrongType(v, name, want)
	switch {
	case v.Kind != Scalar || v.Type != String:
	case want == "true or false":
		switch strings.ToLower(v.Text) {
		case "true", "yes", "on", "y":
			out = out.Try("write true")
		case "false", "no", "off", "n":
			out = out.Try("write false")
		}
	case strings.HasPrefix(want, "a whole number"):
		if _, typ := coreType(v.Text); typ == Int {
			out = out.Try("write " + v.Text + " without quotes")
		}
	case want == "a number":
		if _, typ := coreType(v.Text); typ == Int || typ == Float {
			out = out.Try("write " + v.Text + " without quotes")
		}
	}
	d.add(out)
}

// wrongType says what a value must be, and what it is.
func wrongType(v *Value, name, want string) diag.Diagnostic {
	return diag.At(v.Range, diag.WrongType, "%s must be %s, not %s", orThis(name), want, v.Describe())
}

func orThis(name string) string {
	if name == "" {
		return "this"
	}
	return name
}

func itemOf(name string) string {
	if name == "" || strings.HasPrefix(name, "an item of ") {
		return name
	}
	return "an item of " + name
}

// Describe is what v is, in words for a message: "a list", "the text \"x\"",
// "3", "null".
func (v *Value) Describe() string {
	if v == nil {
		return "nothing"
	}
	switch v.Kind {
	case Null:
		return "null"
	case List:
		return "a list"
	case Map:
		return "a map"
	}
	text := []rune(v.Text)
	if len(text) > 40 {
		text = append(text[:39:39], '…')
	}
	if v.Type == String {
		return "the text " + strconv.Quote(string(text))
	}
	return string(text)
}
