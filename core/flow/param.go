package flow

import (
	"slices"
	"strconv"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

// ParamType is the type of a parameter.
type ParamType string

const (
	StringParam ParamType = "string"
	IntParam    ParamType = "int"
	FloatParam  ParamType = "float"
	BoolParam   ParamType = "bool"
)

// Param is a value that a run may change. Values are kept as canonical text:
// 16 for 0x10, true for True.
type Param struct {
	Name    string
	Range   diag.Range
	Type    ParamType
	Default *string // nil: a value must be given
	Min     *string
	Max     *string
	Choices []string // empty allows all
}

// paramFile is a parameter as written: its default value, or its description.
type paramFile struct{ value *settings.Value }

// paramShape is the description of a parameter.
type paramShape struct {
	Type    ParamType         `json:"type" enum:"string,int,float,bool" doc:"Type of the value; that of the default where it is absent."`
	Default *settings.Value   `json:"default" doc:"Value when none is given."`
	Min     *settings.Value   `json:"min" doc:"Smallest number allowed."`
	Max     *settings.Value   `json:"max" doc:"Largest number allowed."`
	Choices []*settings.Value `json:"choices" doc:"The values allowed."`
}

// UnmarshalSetting keeps the value for later, when its name is known.
func (p *paramFile) UnmarshalSetting(v *settings.Value) diag.List { p.value = v; return nil }

// JSONSchema is either shape.
func (paramFile) JSONSchema() map[string]any {
	scalar := map[string]any{"type": []any{"string", "number", "boolean"}}
	return map[string]any{"anyOf": []any{scalar, map[string]any{
		"type": "object", "additionalProperties": false,
		"properties": map[string]any{
			"type":    map[string]any{"enum": []any{"string", "int", "float", "bool"}, "description": "Type of the value; that of the default where it is absent."},
			"default": map[string]any{"type": []any{"string", "number", "boolean"}, "description": "Value when none is given."},
			"min":     map[string]any{"type": "number", "description": "Smallest number allowed."},
			"max":     map[string]any{"type": "number", "description": "Largest number allowed."},
			"choices": map[string]any{"type": "array", "items": scalar, "description": "The values allowed."},
		},
	}}}
}

func (p *parser) params(v *settings.Value) {
	if v == nil || v.Kind != settings.Map {
		return
	}
	distinct := names{what: "params"}
	for _, e := range v.Entries {
		if !p.checkName("a param", e.Key, e.Range) {
			continue
		}
		p.distinct(&distinct, e.Key, e.Range)
		p.paramNames = append(p.paramNames, e.Key)
		if param, ok := p.param(e); ok {
			p.flow.Params = append(p.flow.Params, param)
		}
	}
}

func (p *parser) param(e settings.Entry) (Param, bool) {
	out := Param{Name: e.Key, Range: e.Range}
	before := len(p.list)
	shape := paramShape{Default: e.Value}
	switch e.Value.Kind {
	case settings.Scalar:
		out.Type = ParamType(e.Value.Type)
	case settings.Map:
		shape = paramShape{}
		p.add(p.types.Decode(e.Value, &shape)...)
		if shape.Default != nil && shape.Default.Kind == settings.Null {
			shape.Default = nil
		}
		out.Type = shape.Type
	default:
		p.add(diag.At(e.Value.Range, diag.WrongType, "param %s must be a default value or {type, default, min, max, choices}, not %s", e.Key, e.Value.Describe()).
			Try("for a param that must be given, write {type: string}"))
		return out, false
	}
	if out.Type == "" && shape.Default != nil && shape.Default.Kind == settings.Scalar {
		out.Type = ParamType(shape.Default.Type)
	}
	if out.Type == "" {
		out.Type = StringParam
		if len(p.list) == before {
			p.add(diag.At(e.Value.Range, diag.MissingField, "param %s has neither a type nor a default", e.Key))
		}
		return out, false
	}
	if len(p.list) > before {
		return out, false
	}
	out.Min, out.Max = p.bound(out, "min", shape.Min), p.bound(out, "max", shape.Max)
	for i, c := range shape.Choices {
		if text, ok := p.canonical(out, "a choice of param "+out.Name, c); ok {
			if slices.Contains(out.Choices, text) {
				p.add(diag.At(shape.Choices[i].Range, diag.Duplicate, "choice %s of param %s is written twice", c.PlainText(), out.Name))
			}
			out.Choices = append(out.Choices, text)
		}
	}
	if shape.Choices != nil && len(shape.Choices) == 0 {
		p.add(diag.At(e.Value.Get("choices").Range, diag.BadValue, "param %s allows no value: choices is empty", out.Name))
	}
	if out.Min != nil && out.Max != nil && less(out.Type, *out.Max, *out.Min) {
		p.add(diag.At(shape.Max.Range, diag.BadValue, "max %s of param %s is below min %s", *out.Max, out.Name, *out.Min))
	}
	if shape.Default != nil && len(p.list) == before {
		if text, ok := p.canonical(out, "the default of param "+out.Name, shape.Default); ok {
			if d := out.allows(text, shape.Default.Range); d != nil {
				p.add(*d)
			}
			out.Default = &text
		}
	}
	return out, len(p.list) == before
}

// bound reads min or max.
func (p *parser) bound(param Param, name string, v *settings.Value) *string {
	if v == nil || v.Kind == settings.Null {
		return nil
	}
	if param.Type != IntParam && param.Type != FloatParam {
		p.add(diag.At(v.Range, diag.Conflict, "param %s is a %s: %s is for numbers", param.Name, param.Type, name))
		return nil
	}
	text, ok := p.canonical(param, name+" of param "+param.Name, v)
	if !ok {
		return nil
	}
	return &text
}

// canonical reads a value written in the file.
func (p *parser) canonical(param Param, what string, v *settings.Value) (string, bool) {
	if v.Kind != settings.Scalar {
		p.add(diag.At(v.Range, diag.WrongType, "%s must be of type %s, not %s", what, param.Type, v.Describe()))
		return "", false
	}
	if v.Type == settings.String && param.Type != StringParam {
		d := diag.At(v.Range, diag.WrongType, "%s must be of type %s, not %s", what, param.Type, v.Describe())
		if _, ok := canonicalText(param.Type, v.Text); ok {
			d = d.Try("write " + v.Text + " without quotes")
		}
		p.add(d)
		return "", false
	}
	text, ok := canonicalText(param.Type, v.Text)
	if !ok {
		p.add(diag.At(v.Range, diag.WrongType, "%s must be of type %s, not %s", what, param.Type, v.Describe()))
		return "", false
	}
	return text, p.carried(what, text, v.Range)
}

// canonicalText is the one spelling of a value of a type.
func canonicalText(t ParamType, text string) (string, bool) {
	switch t {
	case StringParam:
		return text, true
	case BoolParam:
		switch text {
		case "true", "True", "TRUE":
			return "true", true
		case "false", "False", "FALSE":
			return "false", true
		}
		return "", false
	case IntParam:
		base, digits := 10, text
		if rest, ok := strings.CutPrefix(text, "0x"); ok {
			base, digits = 16, rest
		} else if rest, ok := strings.CutPrefix(text, "0o"); ok {
			base, digits = 8, rest
		}
		if base != 10 && strings.ContainsAny(digits, "+-") {
			return "", false
		}
		n, err := strconv.ParseInt(digits, base, 64)
		return strconv.FormatInt(n, 10), err == nil
	case FloatParam:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || strings.ContainsAny(text, "xXpP_") || f != f || f-f != 0 {
			return "", false // no infinity, no NaN: JSON and most programs have none
		}
		return strconv.FormatFloat(f, 'g', -1, 64), true
	}
	return "", false
}

// less compares two canonical numbers.
func less(t ParamType, a, b string) bool {
	if t == IntParam {
		x, _ := strconv.ParseInt(a, 10, 64) // canonical
		y, _ := strconv.ParseInt(b, 10, 64)
		return x < y
	}
	x, _ := strconv.ParseFloat(a, 64)
	y, _ := strconv.ParseFloat(b, 64)
	return x < y
}

// allows is what is wrong with a canonical value, or nil.
func (p Param) allows(text string, r diag.Range) *diag.Diagnostic {
	var d diag.Diagnostic
	switch {
	case p.Min != nil && less(p.Type, text, *p.Min):
		d = diag.At(r, diag.BadValue, "param %s cannot be %s: it is %s or more", p.Name, text, *p.Min)
	case p.Max != nil && less(p.Type, *p.Max, text):
		d = diag.At(r, diag.BadValue, "param %s cannot be %s: it is %s or less", p.Name, text, *p.Max)
	case len(p.Choices) > 0 && !slices.Contains(p.Choices, text):
		d = diag.At(r, diag.BadValue, "param %s cannot be %q", p.Name, text).
			Because("Allowed: %s.", strings.Join(p.Choices, ", ")).Try(diag.DidYouMean(text, p.Choices))
	default:
		return nil
	}
	return &d
}
