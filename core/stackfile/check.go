package stackfile

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/sdk"
)

// CheckComponent checks a component block against the schema that its plugin
// or builder declares, and gives the JSON object to hand to it, with defaults
// filled in. The JSON is nil when there are errors.
func CheckComponent(c *Component, block sdk.Block) (json.RawMessage, diag.List) {
	config := c.Config
	if len(c.layers) > 1 {
		config = mergeLayers(c.layers, &block)
	}
	check := checker{what: c.String(), more: packageAttributes(), sensitive: c.sensitive}
	return check.run(config, block, c.Range)
}

// CheckSettings checks settings of any layer, such as a step's `orchestrator`,
// against a schema, and gives the JSON object with defaults filled in. nil
// settings are an empty map. The JSON is nil when there are errors.
func CheckSettings(v *settings.Value, block sdk.Block) (json.RawMessage, diag.List) {
	check := checker{what: "orchestrator"}
	var at diag.Range
	if v != nil {
		at = v.Range
	}
	return check.run(withoutNulls(v), block, at)
}

// RangeOf is where the value is written that a path within a component names,
// or the nearest thing around it that is written.
func RangeOf(c *Component, path []string) diag.Range { return RangeIn(c.Config, path) }

// RangeIn is RangeOf for settings: path holds keys and list indexes.
func RangeIn(v *settings.Value, path []string) diag.Range {
	if v == nil {
		return diag.Range{}
	}
	for _, elem := range path {
		var next *settings.Value
		switch v.Kind {
		case settings.Map:
			next = v.Get(elem)
		case settings.List:
			if i, err := strconv.Atoi(elem); err == nil && i >= 0 && i < len(v.Items) {
				next = v.Items[i]
			}
		}
		if next == nil {
			break
		}
		v = next
	}
	return v.Range
}

// checker checks one tree.
type checker struct {
	what string   // for messages, such as orchestrator "vertex"
	more []string // attributes that may be written beside those of the schema
	// sensitive are the places of values that messages must not hold.
	sensitive map[diag.Range]bool
	list      diag.List
}

func (c *checker) report(d diag.Diagnostic) { c.list = append(c.list, d) }

func (c *checker) run(v *settings.Value, block sdk.Block, at diag.Range) (json.RawMessage, diag.List) {
	if v == nil || v.Kind == settings.Null {
		v = &settings.Value{Kind: settings.Map, Range: at}
	}
	if v.Kind != settings.Map {
		c.report(diag.At(v.Range, diag.WrongType, "%s must be a map", c.what))
		return nil, c.list
	}
	object := c.object(v, block, at, c.what)
	if c.list.HasErrors() {
		return nil, c.list
	}
	data, err := json.Marshal(object)
	if err != nil {
		c.report(diag.At(at, diag.Internal, "%s cannot be encoded: %v", c.what, err))
		return nil, c.list
	}
	return data, c.list
}

// object checks a map; at is where to say that something is missing in it.
func (c *checker) object(v *settings.Value, block sdk.Block, at diag.Range, what string) map[string]any {
	out := map[string]any{}
	fields := make([]string, 0, len(block.Attributes)+len(block.Blocks))
	for _, a := range block.Attributes {
		fields = append(fields, a.Name)
	}
	for _, b := range block.Blocks {
		fields = append(fields, b.Name)
	}
	for _, e := range v.Entries {
		switch a, b := attributeOf(block, e.Key), nestedOf(block, e.Key); {
		case a != nil:
			c.attribute(out, e, *a)
		case b != nil:
			c.nested(out, e, *b)
		default:
			c.report(unknownField(e.Range, e.Key, append(fields, c.more...)))
		}
	}
	for _, a := range block.Attributes {
		if _, written := out[a.Name]; written || v.Get(a.Name) != nil && v.Get(a.Name).Kind != settings.Null {
			continue
		}
		if a.Default != nil {
			out[a.Name] = a.Default
			continue
		}
		if a.Required {
			d := diag.At(at, diag.MissingField, "%s needs %q", what, a.Name).Because("%s", a.Doc)
			if at == (diag.Range{}) {
				d.Range = nil
			}
			c.report(d)
		}
	}
	return out
}

func attributeOf(b sdk.Block, name string) *sdk.Attribute {
	for i := range b.Attributes {
		if b.Attributes[i].Name == name {
			return &b.Attributes[i]
		}
	}
	return nil
}

func nestedOf(b sdk.Block, name string) *sdk.NestedBlock {
	for i := range b.Blocks {
		if b.Blocks[i].Name == name {
			return &b.Blocks[i]
		}
	}
	return nil
}

func (c *checker) attribute(out map[string]any, e settings.Entry, a sdk.Attribute) {
	if e.Value.Kind == settings.Null {
		return
	}
	if a.Deprecated != "" {
		c.report(diag.At(e.Range, diag.Deprecated, "%q is deprecated", a.Name).Because("%s", a.Deprecated).AsWarning())
	}
	typ, defaults, err := parseType(a.Type)
	if err != nil {
		c.report(diag.At(e.Range, diag.PluginProtocol, "the schema of %s gives %q a type that does not exist: %s", c.what, a.Name, a.Type).
			Because("%s", sentence(err.Error())))
		return
	}
	before := len(c.list)
	value := (&encoder{checker: c, attribute: a}).encode(e.Value, typ, defaults)
	if len(c.list) == before || !c.list[before:].HasErrors() {
		out[a.Name] = value
	}
}

func (c *checker) nested(out map[string]any, e settings.Entry, b sdk.NestedBlock) {
	items := []*settings.Value{e.Value}
	switch {
	case e.Value.Kind == settings.Null:
		return
	case e.Value.Kind == settings.List && b.Many:
		items = e.Value.Items
	case e.Value.Kind == settings.List && len(e.Value.Items) > 1:
		c.report(diag.At(e.Value.Items[1].Range, diag.Duplicate, "%s can be written once only", b.Name).
			Because("It is first at %s.", e.Value.Items[0].Range))
		return
	}
	objects := []map[string]any{}
	for _, item := range items {
		if item.Kind != settings.Map {
			c.report(diag.At(item.Range, diag.WrongType, "%s must be a map", b.Name))
			return
		}
		objects = append(objects, c.object(item, b.Block, item.Range, b.Name))
	}
	if b.Many {
		out[b.Name] = objects
		return
	}
	out[b.Name] = objects[0]
}

// allowed reports a string that the schema does not allow.
func (c *checker) allowed(v *settings.Value, a sdk.Attribute) {
	if len(a.Allowed) == 0 || contains(a.Allowed, v.Text) {
		return
	}
	summary := fmt.Sprintf("%s cannot be %q", a.Name, v.Text)
	suggestion := diag.DidYouMean(v.Text, a.Allowed)
	if a.Sensitive || c.sensitive[v.Range] {
		summary, suggestion = a.Name+" has a value that is not allowed", ""
	}
	c.report(diag.At(v.Range, diag.BadValue, "%s", summary).
		Because("Allowed: %s.", strings.Join(a.Allowed, ", ")).Try(suggestion))
}
