package stackfile

import (
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

// body reads attributes and blocks as a map; a block without a label is the
// same as an attribute with a map. Blocks of one name are a list where many
// says that they may be.
func (s *scope) body(b *hclsyntax.Body, at diag.Range, many bool) *settings.Value {
	out := &settings.Value{Kind: settings.Map, Layer: settings.Stack, Range: at}
	attrs, blocks := attributes(b), b.Blocks
	for len(attrs) > 0 || len(blocks) > 0 {
		if len(blocks) == 0 || len(attrs) > 0 && attrs[0].SrcRange.Start.Byte < blocks[0].TypeRange.Start.Byte {
			a := attrs[0]
			attrs = attrs[1:]
			if value := s.value(a.Expr); value != nil {
				out.Entries = append(out.Entries, settings.Entry{Key: a.Name, Range: s.file.at(a.NameRange), Value: value})
			}
			continue
		}
		block := blocks[0]
		blocks = blocks[1:]
		s.block(out, block, many)
	}
	return out
}

// block adds a block to the map that it is written in.
func (s *scope) block(out *settings.Value, b *hclsyntax.Block, many bool) {
	if problems := s.file.labels(b); problems.HasErrors() {
		s.list = append(s.list, problems...)
		return
	}
	header := s.file.at(b.DefRange())
	value := s.body(b.Body, header, many)
	for i, e := range out.Entries {
		if e.Key != b.Type {
			continue
		}
		if !many || !fromBlock(e) {
			s.report(diag.At(header, diag.Duplicate, "%s is written twice", b.Type).
				Because("It is first at %s. A list of maps is written %s = [{ … }, { … }].", e.Range, b.Type))
			return
		}
		list := e.Value
		if list.Kind != settings.List {
			list = &settings.Value{Kind: settings.List, Layer: settings.Stack, Range: e.Value.Range, Items: []*settings.Value{e.Value}}
		}
		list.Items = append(list.Items, value)
		out.Entries[i].Value = list
		return
	}
	out.Entries = append(out.Entries, settings.Entry{Key: b.Type, Range: s.file.at(b.TypeRange), Value: value})
}

// fromBlock reports whether an entry was written as one or more blocks: the
// name of a block is where its value begins.
func fromBlock(e settings.Entry) bool {
	return e.Range.Line == e.Value.Range.Line && e.Range.Column == e.Value.Range.Column
}

// value evaluates an expression to a tree. Lists and maps that are written out
// keep the place of each of their values; what a function or reference gives
// has the place of the expression. nil: there is no value, and why is reported.
func (s *scope) value(expr hclsyntax.Expression) *settings.Value {
	at := s.file.at(expr.Range())
	switch e := expr.(type) {
	case *hclsyntax.ParenthesesExpr:
		return s.value(e.Expression)
	case *hclsyntax.TupleConsExpr:
		out := &settings.Value{Kind: settings.List, Layer: settings.Stack, Range: at}
		for _, item := range e.Exprs {
			if v := s.value(item); v != nil {
				out.Items = append(out.Items, v)
			}
		}
		return out
	case *hclsyntax.ObjectConsExpr:
		return s.object(e, at)
	}
	value, ok := s.eval(expr)
	if !ok {
		return nil
	}
	out := s.fromCty(value, at)
	if out != nil && out.Kind == settings.Scalar && out.Type != settings.String && out.Type != settings.Bool {
		s.asWritten(out, expr)
	}
	return out
}

func (s *scope) object(e *hclsyntax.ObjectConsExpr, at diag.Range) *settings.Value {
	out := &settings.Value{Kind: settings.Map, Layer: settings.Stack, Range: at}
	first := map[string]diag.Range{}
	for _, item := range e.Items {
		keyAt := s.file.at(item.KeyExpr.Range())
		key, ok := s.key(item.KeyExpr, keyAt)
		value := s.value(item.ValueExpr)
		if !ok || value == nil {
			continue
		}
		if before, twice := first[key]; twice {
			s.report(diag.At(keyAt, diag.Duplicate, "key %q is written twice", key).Because("It is first at %s.", before))
			continue
		}
		first[key] = keyAt
		out.Entries = append(out.Entries, settings.Entry{Key: key, Range: keyAt, Value: value})
	}
	return out
}

// key evaluates the key of a map, a bare word or an expression.
func (s *scope) key(expr hclsyntax.Expression, at diag.Range) (string, bool) {
	value, ok := s.eval(expr)
	if !ok {
		return "", false
	}
	value, _ = value.Unmark()
	v := s.fromCty(value, at)
	if v == nil || v.Kind != settings.Scalar {
		s.report(diag.At(at, diag.WrongType, "a key must be a string"))
		return "", false
	}
	s.asWritten(v, unwrapKey(expr))
	return v.Text, true
}

func unwrapKey(expr hclsyntax.Expression) hclsyntax.Expression {
	if k, ok := expr.(*hclsyntax.ObjectConsKeyExpr); ok {
		return k.Wrapped
	}
	return expr
}

// fromCty converts a known value; every part of it has the one place.
func (s *scope) fromCty(value cty.Value, at diag.Range) *settings.Value {
	if value.IsMarked() {
		s.sensitive[at] = true
		value, _ = value.Unmark()
	}
	out := &settings.Value{Layer: settings.Stack, Range: at}
	typ := value.Type()
	switch {
	case value.IsNull():
		out.Kind = settings.Null
	case typ == cty.String:
		out.Kind, out.Type, out.Text = settings.Scalar, settings.String, value.AsString()
	case typ == cty.Bool:
		out.Kind, out.Type, out.Text = settings.Scalar, settings.Bool, "false"
		if value.True() {
			out.Text = "true"
		}
	case typ == cty.Number:
		text, ok := numberText(value.AsBigFloat())
		if !ok {
			s.report(diag.At(at, diag.BadValue, "number is too large or too small"))
			return nil
		}
		out.Kind, out.Type, out.Text = settings.Scalar, numberType(text), text
	case typ.IsListType() || typ.IsTupleType() || typ.IsSetType():
		out.Kind = settings.List
		for it := value.ElementIterator(); it.Next(); {
			_, item := it.Element()
			if v := s.fromCty(item, at); v != nil {
				out.Items = append(out.Items, v)
			}
		}
	case typ.IsMapType() || typ.IsObjectType():
		out.Kind = settings.Map
		for it := value.ElementIterator(); it.Next(); {
			key, item := it.Element()
			key, _ = key.Unmark()
			if v := s.fromCty(item, at); v != nil {
				out.Entries = append(out.Entries, settings.Entry{Key: key.AsString(), Range: at, Value: v})
			}
		}
	default:
		s.report(diag.At(at, diag.WrongType, "a %s cannot be used here", typ.FriendlyName()))
		return nil
	}
	return out
}
