package settings

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/stackrun/stack/core/diag"
)

// mostValues is how many values a file may hold once its aliases are written
// out. A larger one is a mistake, or an attack by aliases of aliases.
const mostValues = 1_000_000

// deepest is how far values may nest.
const deepest = 200

// ParseYAML reads a YAML 1.2 document, or JSON, which is YAML. file is its name
// as the user would say it. An empty document is an empty Map. What it refuses
// is in the list, with the place; the Value is nil if nothing could be read.
func ParseYAML(file string, data []byte, layer Layer) (*Value, diag.List) {
	if !utf8.Valid(data) {
		return nil, diag.List{diag.At(invalidUTF8(file, data), diag.Syntax, "the file is not UTF-8 text")}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		return nil, diag.List{diag.At(diag.Range{File: file, Line: 1, Column: 1}, diag.Syntax, "%s", yamlMessage(err))}
	}
	var document yaml.Node
	if err := loader.Load(&document); err != nil && !errors.Is(err, io.EOF) {
		return nil, diag.List{yamlError(file, err)}
	}
	p := yamlReader{file: file, layer: layer, budget: mostValues}
	if len(document.Content) == 0 {
		return &Value{Kind: Map, Layer: layer, Range: diag.Range{File: file, Line: 1, Column: 1}}, nil
	}
	v := p.value(document.Content[0], 0)
	var next yaml.Node
	if err := loader.Load(&next); err == nil {
		p.list = append(p.list, diag.At(p.at(&next), diag.Syntax, "the file has a second document").Try("remove the line ---"))
	} else if !errors.Is(err, io.EOF) {
		p.list = append(p.list, yamlError(file, err))
	}
	return v, p.list
}

type yamlReader struct {
	file   string
	layer  Layer
	budget int
	list   diag.List
	active []*yaml.Node // aliases being written out, against circles
}

func (p *yamlReader) refuse(n *yaml.Node, code diag.Code, format string, args ...any) *Value {
	p.list = append(p.list, diag.At(p.at(n), code, format, args...))
	return &Value{Kind: Null, Layer: p.layer, Range: p.at(n)}
}

func (p *yamlReader) at(n *yaml.Node) diag.Range {
	r := diag.Range{File: p.file, Line: max(n.Line, 1), Column: max(n.Column, 1)}
	if n.Kind == yaml.ScalarNode && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 && !strings.Contains(n.Value, "\n") {
		width := utf8.RuneCountInString(n.Value)
		if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
			width += 2
		}
		r.EndLine, r.EndColumn = r.Line, r.Column+max(width, 1)
	}
	return r
}

func (p *yamlReader) value(n *yaml.Node, depth int) *Value {
	if p.budget--; p.budget < 0 {
		if p.budget == -1 {
			return p.refuse(n, diag.BadValue, "the file holds more than %d values", mostValues)
		}
		return &Value{Kind: Null, Layer: p.layer, Range: p.at(n)}
	}
	if depth > deepest {
		return p.refuse(n, diag.BadValue, "values are nested more than %d deep", deepest)
	}
	v := &Value{Layer: p.layer, Range: p.at(n)}
	switch n.Kind {
	case yaml.AliasNode:
		for _, a := range p.active {
			if a == n.Alias {
				return p.refuse(n, diag.BadValue, "the alias *%s is inside of what it names", n.Value)
			}
		}
		p.active = append(p.active, n.Alias)
		v = p.value(n.Alias, depth+1)
		p.active = p.active[:len(p.active)-1]
		return v
	case yaml.ScalarNode:
		return p.scalar(n, v)
	case yaml.SequenceNode:
		v.Kind, v.Items = List, []*Value{}
		for _, c := range n.Content {
			v.Items = append(v.Items, p.value(c, depth+1))
		}
	case yaml.MappingNode:
		v.Kind, v.Entries = Map, []Entry{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			p.entry(v, n.Content[i], n.Content[i+1], depth)
		}
	default:
		return p.refuse(n, diag.Syntax, "this is not a value")
	}
	return v
}

func (p *yamlReader) scalar(n *yaml.Node, v *Value) *Value {
	v.Kind, v.Text = Scalar, n.Value
	switch tag := n.ShortTag(); tag {
	case "!!null":
		v.Kind, v.Text = Null, ""
	case "!!bool":
		v.Type = Bool
	case "!!int":
		v.Type = Int
	case "!!float":
		v.Type = Float
	case "!!str", "!!timestamp", "!!merge":
		v.Type = String
	default:
		return p.refuse(n, diag.WrongType, "the tag %s is not supported", tag)
	}
	return v
}

func (p *yamlReader) entry(v *Value, key, value *yaml.Node, depth int) {
	if key.Kind == yaml.AliasNode {
		key = key.Alias
	}
	if key.Kind != yaml.ScalarNode {
		p.refuse(key, diag.WrongType, "a key must be text")
		return
	}
	if key.ShortTag() == "!!merge" {
		p.merge(v, value, depth)
		return
	}
	for i, e := range v.Entries {
		if e.Key != key.Value {
			continue
		}
		if e.Range.Line > 0 {
			p.list = append(p.list, diag.At(p.at(key), diag.Duplicate, "key %q is written twice", key.Value).
				Because("The first one is at %s.", e.Range))
			return
		}
		v.Entries[i] = Entry{Key: key.Value, Range: p.at(key), Value: p.value(value, depth+1)}
		return
	}
	v.Entries = append(v.Entries, Entry{Key: key.Value, Range: p.at(key), Value: p.value(value, depth+1)})
}

// merge takes in the entries of a merge key (<<). Keys written beside it win.
func (p *yamlReader) merge(v *Value, value *yaml.Node, depth int) {
	from := p.value(value, depth+1)
	sources := []*Value{from}
	if from.Kind == List {
		sources = from.Items
	}
	for _, s := range sources {
		if s.Kind != Map {
			p.refuse(value, diag.WrongType, "<< needs a map, or a list of maps")
			return
		}
		for _, e := range s.Entries {
			if v.Get(e.Key) == nil {
				v.Entries = append(v.Entries, e)
			}
		}
	}
}

// yamlError is a syntax error with its place.
func yamlError(file string, err error) diag.Diagnostic {
	r := diag.Range{File: file, Line: 1, Column: 1}
	var load *yaml.LoadError
	if errors.As(err, &load) && load.Mark.Line > 0 {
		r.Line, r.Column = load.Mark.Line, max(load.Mark.Column, 1)
	}
	return diag.At(r, diag.Syntax, "%s", yamlMessage(err))
}

func yamlMessage(err error) string {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		if _, after, found := strings.Cut(rest, ": "); found {
			text = after
		}
	}
	return text
}

func invalidUTF8(file string, data []byte) diag.Range {
	r := diag.Range{File: file, Line: 1, Column: 1}
	for len(data) > 0 {
		c, size := utf8.DecodeRune(data)
		if c == utf8.RuneError && size <= 1 {
			break
		}
		if c == '\n' {
			r.Line, r.Column = r.Line+1, 0
		}
		r.Column++
		data = data[size:]
	}
	return r
}
