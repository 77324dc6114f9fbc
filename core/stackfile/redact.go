package stackfile

import (
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/sdk"
)

// Hidden is shown in place of a sensitive value.
const Hidden = "(sensitive)"

// Sensitive reports whether a value of this stack was made from a sensitive
// variable.
func (s *Stack) Sensitive(v *settings.Value) bool { return v != nil && s.sensitive[v.Range] }

// Redact is v with every sensitive value replaced by Hidden: those made from
// sensitive variables and, where a schema is given, those of its sensitive
// attributes.
func (s *Stack) Redact(v *settings.Value, schema *sdk.Block) *settings.Value {
	if v == nil {
		return nil
	}
	if s.Sensitive(v) {
		return &settings.Value{Kind: settings.Scalar, Type: settings.String, Text: Hidden, Layer: v.Layer, Range: v.Range}
	}
	out := *v
	out.Overrode, out.Items, out.Entries = nil, nil, nil
	for _, below := range v.Overrode {
		out.Overrode = append(out.Overrode, s.Redact(below, schema))
	}
	for _, item := range v.Items {
		out.Items = append(out.Items, s.Redact(item, schema))
	}
	for _, e := range v.Entries {
		var inner *sdk.Block
		hide := false
		if schema != nil {
			inner, _ = nested(schema, e.Key)
			a := attributeOf(*schema, e.Key)
			hide = a != nil && a.Sensitive
		}
		if hide {
			e.Value = &settings.Value{Kind: settings.Scalar, Type: settings.String, Text: Hidden, Layer: e.Value.Layer, Range: e.Value.Range}
		} else {
			e.Value = s.Redact(e.Value, inner)
		}
		out.Entries = append(out.Entries, e)
	}
	return &out
}

// Shown is a component's content for people and JSON, as maps, lists and
// scalars, with what comes from sensitive variables replaced by Hidden.
// Numbers keep the text that was written.
func (s *Stack) Shown(c *Component) map[string]any {
	out, _ := s.Redact(c.Config, nil).Plain().(map[string]any)
	return out
}
