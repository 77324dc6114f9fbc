package stackfile

import (
	"encoding/json"
	"errors"
	"math/big"
	"sort"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/sdk"
)

// parseType reads an HCL type expression, such as list(string).
func parseType(text string) (cty.Type, *typeexpr.Defaults, error) {
	switch text { // nearly all of them
	case "string":
		return cty.String, nil, nil
	case "number":
		return cty.Number, nil, nil
	case "bool":
		return cty.Bool, nil, nil
	case "any":
		return cty.DynamicPseudoType, nil, nil
	}
	expr, problems := hclsyntax.ParseExpression([]byte(text), "type", hcl.InitialPos)
	if problems.HasErrors() {
		return cty.NilType, nil, errors.New(problems[0].Summary)
	}
	typ, defaults, problems := typeexpr.TypeConstraintWithDefaults(expr)
	if problems.HasErrors() {
		return cty.NilType, nil, errors.New(problems[0].Summary)
	}
	return typ, defaults, nil
}

// encoder makes JSON of a value by the type that the schema gives it. Strings
// take a number's or a boolean's text as it was written, and numbers and
// booleans take a string's, as everywhere in HCL.
type encoder struct {
	*checker
	attribute sdk.Attribute
}

func (e *encoder) encode(v *settings.Value, typ cty.Type, defaults *typeexpr.Defaults) any {
	switch {
	case v.Kind == settings.Null:
		return nil
	case typ == cty.DynamicPseudoType:
		return e.natural(v)
	case typ == cty.String && v.Kind == settings.Scalar:
		e.allowed(v, e.attribute)
		return v.Text
	case typ == cty.Bool && v.Kind == settings.Scalar && (v.Text == "true" || v.Text == "false"):
		return v.Text == "true"
	case typ == cty.Number && v.Kind == settings.Scalar:
		if n, ok := jsonNumber(v.Text); ok {
			return n
		}
	case (typ.IsListType() || typ.IsSetType()) && v.Kind == settings.List:
		out := []any{}
		for _, item := range v.Items {
			if item.Kind == settings.Null && typ.ElementType() != cty.DynamicPseudoType {
				e.report(diag.At(item.Range, diag.WrongType, "%s cannot hold null", e.attribute.Name))
				continue
			}
			out = append(out, e.encode(item, typ.ElementType(), child(defaults, "")))
		}
		return out
	case typ.IsTupleType() && v.Kind == settings.List && len(v.Items) == typ.Length():
		out := []any{}
		for i, item := range v.Items {
			out = append(out, e.encode(item, typ.TupleElementType(i), nil))
		}
		return out
	case typ.IsMapType() && v.Kind == settings.Map:
		out := map[string]any{}
		for _, entry := range v.Entries {
			if entry.Value.Kind != settings.Null {
				out[entry.Key] = e.encode(entry.Value, typ.ElementType(), child(defaults, ""))
			}
		}
		return out
	case typ.IsObjectType() && v.Kind == settings.Map:
		return e.object(v, typ, defaults)
	}
	e.report(diag.At(v.Range, diag.WrongType, "%s must be of type %s", e.attribute.Name, e.attribute.Type).
		Because("Write %s here.", form(typ)))
	return nil
}

func (e *encoder) object(v *settings.Value, typ cty.Type, defaults *typeexpr.Defaults) map[string]any {
	out := map[string]any{}
	types := typ.AttributeTypes()
	var names []string
	for name := range types {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, entry := range v.Entries {
		if _, known := types[entry.Key]; !known {
			e.report(unknownField(entry.Range, entry.Key, names))
		}
	}
	for _, name := range names {
		value := v.Get(name)
		if value != nil && value.Kind != settings.Null {
			out[name] = e.encode(value, types[name], child(defaults, name))
			continue
		}
		if defaults != nil {
			if fallback, ok := defaults.DefaultValues[name]; ok {
				if data, err := ctyjson.Marshal(fallback, fallback.Type()); err == nil {
					out[name] = json.RawMessage(data)
				}
				continue
			}
		}
		if !typ.AttributeOptional(name) {
			e.report(diag.At(v.Range, diag.MissingField, "%s needs %q", e.attribute.Name, name))
		}
	}
	return out
}

func child(d *typeexpr.Defaults, key string) *typeexpr.Defaults {
	if d == nil {
		return nil
	}
	return d.Children[key]
}

// natural is a value as its own form says.
func (e *encoder) natural(v *settings.Value) any {
	for _, item := range v.Items {
		e.natural(item)
	}
	for _, entry := range v.Entries {
		e.natural(entry.Value)
	}
	if v.Kind == settings.Scalar && (v.Type == settings.Int || v.Type == settings.Float) {
		if _, ok := jsonNumber(v.Text); !ok {
			e.report(diag.At(v.Range, diag.BadValue, "%s cannot be the number %q", e.attribute.Name, v.Text))
		}
	}
	return v.Plain()
}

// jsonNumber is a number as JSON, as it was written where JSON allows that.
func jsonNumber(text string) (json.Number, bool) {
	n, _, err := big.ParseFloat(text, 0, 512, big.ToNearestEven)
	if err != nil {
		return "", false
	}
	plain, ok := numberText(n)
	if !ok {
		return "", false
	}
	if json.Valid([]byte(text)) {
		return json.Number(text), true
	}
	return json.Number(plain), true
}

// form is what to write for a type.
func form(typ cty.Type) string {
	switch {
	case typ == cty.String:
		return "a string"
	case typ == cty.Number:
		return "a number"
	case typ == cty.Bool:
		return "true or false"
	case typ.IsListType(), typ.IsSetType():
		return "a list"
	case typ.IsTupleType():
		return "a list of " + strconv.Itoa(typ.Length())
	}
	return "a map"
}
