package settings

import (
	"encoding/json"
	"strconv"
)

// Plain is v as Go values that encode to JSON: nil, string, bool, json.Number,
// []any, map[string]any. Scalars of number and boolean type that JSON cannot
// write stay strings.
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
		switch v.Type {
		case Bool:
			if b, err := strconv.ParseBool(v.Text); err == nil {
				return b
			}
		case Int, Float:
			if json.Valid([]byte(v.Text)) {
				return json.Number(v.Text)
			}
		}
		return v.Text
	}
	return nil
}
