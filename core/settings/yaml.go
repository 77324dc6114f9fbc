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

// mostAliased is how many values a file's aliases may stand for once they are
// written out. More is a mistake, or an attack by aliases of aliases.
const mostAliased = 100_000

// deepest is how far values may nest.
const deepest = 200

// ParseYAML reads a YAML 1.2 document, or JSON, which is YAML. file is its name
// as the user would say it. An empty document is an empty Map. What it refuses
// is in the list, with the place; the Value is nil if nothing could be read.
func ParseYAML(file string, data []byte, layer Layer) (*Value, diag.List) {
	return parseYAML(&yamlReader{file: file, layer: layer, places: true, aliased: mostAliased}, data)
}

// parseText reads a value that is not in a file: name says where it is. An
// empty text is null, as it is behind a key in a file.
func parseText(name, text string, layer Layer) (*Value, diag.List) {
	v, list := parseYAML(&yamlReader{file: name, layer: layer, aliased: mostAliased}, []byte(text))
	if v != nil && v.Kind == Map && v.Entries == nil {
		v.Kind = Null
	}
	return v, list
}

func parseYAML(p *yamlReader, data []byte) (*Value, diag.List) {
	if !utf8.Valid(data) {
		return nil, diag.List{diag.At(p.place(invalidUTF8(data)), diag.Syntax, "the text is not UTF-8")}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	p.lines = strings.Split(string(data), "\n")
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		return nil, diag.List{p.syntax(err)}
	}
	var document yaml.Node
	if err := loader.Load(&document); errors.Is(err, io.EOF) || err == nil && len(document.Content) == 0 {
		return &Value{Kind: Map, Layer: p.layer, Range: p.place(diag.Range{Line: 1, Column: 1})}, nil
	} else if err != nil {
		return nil, diag.List{p.syntax(err)}
	}
	v := p.value(document.Content[0], 0)
	var next yaml.Node
	if err := loader.Load(&next); err == nil {
		p.list = append(p.list, diag.At(p.at(&next), diag.Syntax, "there is a second document").Try("remove the line ---"))
	} else if !errors.Is(err, io.EOF) {
		p.list = append(p.list, p.syntax(err))
	}
	return v, p.list
}

// yamlReader makes Values of YAML nodes.
type yamlReader struct {
	file   string
	layer  Layer
	places bool // whether lines and columns mean something to the user
	lines  []string
	seen   seen
	list   diag.List

	aliased int          // how many values aliases may still stand for
	active  []*yaml.Node // what the aliases being written out name, against circles
	gaveUp  bool
}

func (p *yamlReader) null(n *yaml.Node) *Value {
	return &Value{Kind: Null, Layer: p.layer, Range: p.at(n)}
}

func (p *yamlReader) refuse(n *yaml.Node, code diag.Code, format string, args ...any) *Value {
	p.list = append(p.list, diag.At(p.at(n), code, format, args...))
	return p.null(n)
}

// tooMuch refuses n, once for the whole document.
func (p *yamlReader) tooMuch(n *yaml.Node, format string, args ...any) *Value {
	if p.gaveUp {
		return p.null(n)
	}
	p.gaveUp = true
	return p.refuse(n, diag.BadValue, format, args...)
}

func (p *yamlReader) value(n *yaml.Node, depth int) *Value {
	if depth > deepest {
		return p.tooMuch(n, "values are nested more than %d deep", deepest)
	}
	if len(p.active) > 0 {
		if p.aliased--; p.aliased < 0 {
			return p.tooMuch(n, "the aliases stand for more than %d values", mostAliased)
		}
	}
	v := &Value{Layer: p.layer, Range: p.at(n)}
	switch n.Kind {
	case yaml.AliasNode:
		return p.alias(n, depth)
	case yaml.ScalarNode:
		return p.scalar(n, v)
	case yaml.SequenceNode:
		if !p.plainTag(n, "!!seq") {
			return p.refuse(n, diag.WrongType, "the tag %s is not supported", n.ShortTag())
		}
		v.Kind, v.Items = List, make([]*Value, 0, len(n.Content))
		for _, c := range n.Content {
			v.Items = append(v.Items, p.value(c, depth+1))
		}
		return v
	case yaml.MappingNode:
		if !p.plainTag(n, "!!map") {
			return p.refuse(n, diag.WrongType, "the tag %s is not supported", n.ShortTag())
		}
		return p.mapping(n, v, depth)
	}
	return p.refuse(n, diag.Syntax, "this is not a value")
}

func (p *yamlReader) plainTag(n *yaml.Node, tag string) bool {
	return n.Tag == "" || n.ShortTag() == tag
}

func (p *yamlReader) alias(n *yaml.Node, depth int) *Value {
	if n.Alias == nil {
		return p.refuse(n, diag.BadValue, "nothing is named &%s", n.Value)
	}
	for _, a := range p.active {
		if a == n.Alias {
			return p.refuse(n, diag.BadValue, "the alias *%s is inside of what it names", n.Value)
		}
	}
	p.active = append(p.active, n.Alias)
	v := p.value(n.Alias, depth+1)
	p.active = p.active[:len(p.active)-1]
	return v
}

// scalar types plain scalars by the core schema of YAML 1.2: no, off and 1:30
// are text, and so is everything in quotes.
func (p *yamlReader) scalar(n *yaml.Node, v *Value) *Value {
	v.Kind, v.Text, v.Type = Scalar, n.Value, String
	quoted := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	if n.Style&yaml.TaggedStyle == 0 {
		if !quoted {
			v.Kind, v.Type = coreType(n.Value)
		}
	} else {
		switch tag := n.ShortTag(); tag {
		case "!!str":
		case "!!null", "!!bool", "!!int", "!!float":
			v.Kind, v.Type = coreType(n.Value)
			if v.Type == Int && tag == "!!float" {
				v.Type = Float
			}
			if "!!"+string(v.Type) != tag && (v.Kind != Null || tag != "!!null") {
				return p.refuse(n, diag.BadValue, "%q is not what its tag %s says", n.Value, tag)
			}
		default:
			return p.refuse(n, diag.WrongType, "the tag %s is not supported", tag)
		}
	}
	if v.Kind == Null {
		v.Text, v.Type = "", ""
	}
	return v
}

// mapping reads a map. A key written in it wins over one that a merge key (<<)
// brings, wherever the merge key stands; of several maps that are merged the
// first wins.
func (p *yamlReader) mapping(n *yaml.Node, v *Value, depth int) *Value {
	v.Kind, v.Entries = Map, make([]Entry, 0, len(n.Content)/2)
	index := map[string]int{}
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind == yaml.AliasNode && key.Alias != nil {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			p.refuse(key, diag.WrongType, "a key must be text")
			continue
		}
		if key.Value == "<<" && key.ShortTag() == "!!merge" {
			merges = append(merges, value)
			continue
		}
		if probe := p.scalar(key, &Value{}); probe.Kind != Scalar || probe.Type != String {
			if probe.Kind == Scalar || key.Style&yaml.TaggedStyle == 0 {
				p.list = append(p.list, diag.At(p.at(key), diag.WrongType, "a key must be text, not %s", plainKey(key.Value)).
					Try(`write "`+key.Value+`"`))
			}
			continue
		}
		if first, twice := index[key.Value]; twice {
			d := diag.At(p.at(key), diag.Duplicate, "key %q is written twice", key.Value)
			if p.places {
				d = d.Because("The first one is at %s.", v.Entries[first].Range)
			}
			p.list = append(p.list, d)
			continue
		}
		index[key.Value] = len(v.Entries)
		v.Entries = append(v.Entries, Entry{Key: key.Value, Range: p.at(key), Value: p.value(value, depth+1)})
	}
	for _, m := range merges {
		p.merge(v, index, m, depth)
	}
	return v
}

func plainKey(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

func (p *yamlReader) merge(v *Value, index map[string]int, value *yaml.Node, depth int) {
	from := p.value(value, depth+1)
	sources := []*Value{from}
	if from.Kind == List {
		sources = from.Items
	}
	for _, s := range sources {
		if s.Kind != Map {
			if !p.gaveUp {
				p.refuse(value, diag.WrongType, "<< needs a map, or a list of maps")
			}
			return
		}
		for _, e := range s.Entries {
			if _, have := index[e.Key]; !have {
				index[e.Key] = len(v.Entries)
				v.Entries = append(v.Entries, e)
			}
		}
	}
}
