package settings

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/stackrun/stack/core/diag"
)

// ParsePyproject reads the [tool.stack] table of a pyproject.toml. The result
// is nil if the file has none. A mistake anywhere in the file's TOML is an
// error, since the table cannot be told from the rest then.
func ParsePyproject(file string, data []byte) (*Value, diag.List) {
	root, list := ParseTOML(file, data)
	stack := root.Get("tool").Get("stack")
	if stack != nil && stack.Kind != Map {
		return nil, append(list, diag.At(stack.Range, diag.WrongType, "tool.stack must be a table, not %s", stack.Describe()))
	}
	return stack, list
}

// ParseTOML reads a whole TOML document, with the places of its values. The
// Value is nil if it is not well formed.
func ParseTOML(file string, data []byte) (*Value, diag.List) {
	if !utf8.Valid(data) {
		r := invalidUTF8(data)
		r.File = file
		return nil, diag.List{diag.At(r, diag.Syntax, "the text is not UTF-8")}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	// The library's own reading finds what is wrong, duplicates included. The
	// second one, of its parser, is for the places.
	var all map[string]any
	if err := toml.Unmarshal(data, &all); err != nil {
		return nil, diag.List{tomlError(file, data, err)}
	}
	t := tomlReader{file: file, data: data}
	t.parser.Reset(data)
	root := t.newMap(0, 0)
	table := root
	for t.parser.NextExpression() {
		e := t.parser.Expression()
		switch e.Kind {
		case unstable.Table:
			table = t.open(root, e.Key(), false)
		case unstable.ArrayTable:
			table = t.open(root, e.Key(), true)
		case unstable.KeyValue:
			t.assign(table, e, 0)
		}
	}
	if err := t.parser.Error(); err != nil {
		return nil, diag.List{tomlError(file, data, err)}
	}
	return root, t.list
}

func tomlError(file string, data []byte, err error) diag.Diagnostic {
	r := diag.Range{File: file, Line: 1, Column: 1}
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		r.Line, r.Column = decode.Position()
		if lines := strings.Split(string(data), "\n"); r.Line >= 1 && r.Line <= len(lines) {
			line := lines[r.Line-1]
			r.Column = utf8.RuneCountInString(line[:min(max(r.Column-1, 0), len(line))]) + 1
		}
	}
	return diag.At(r, diag.Syntax, "%s", strings.TrimPrefix(err.Error(), "toml: "))
}

// tomlReader makes Values of TOML expressions. The document is known to be
// right, so tables here are only opened and filled.
type tomlReader struct {
	file   string
	data   []byte
	parser unstable.Parser
	list   diag.List

	line, lineStart int // where place has got to: lines before, and offset of this one
}

func (t *tomlReader) newMap(from, to int) *Value {
	return &Value{Kind: Map, Layer: Pyproject, Range: t.place(from, to), Entries: []Entry{}}
}

// place is the range of data[from:to].
func (t *tomlReader) place(from, to int) diag.Range {
	if from < t.lineStart {
		t.line, t.lineStart = 0, 0
	}
	for {
		next := bytes.IndexByte(t.data[t.lineStart:from], '\n')
		if next < 0 {
			break
		}
		t.line, t.lineStart = t.line+1, t.lineStart+next+1
	}
	r := diag.Range{File: t.file, Line: t.line + 1, Column: utf8.RuneCount(t.data[t.lineStart:from]) + 1}
	if text := t.data[from:to]; len(text) > 0 && !bytes.ContainsRune(text, '\n') {
		r.EndLine, r.EndColumn = r.Line, r.Column+utf8.RuneCount(text)
	}
	return r
}

func (t *tomlReader) rangeOf(r unstable.Range) diag.Range {
	return t.place(int(r.Offset), int(r.Offset+r.Length))
}

// open is the map that a table's header names; a new one where the header is
// one of an array of tables.
func (t *tomlReader) open(root *Value, key unstable.Iterator, array bool) *Value {
	at := root
	for key.Next() {
		n := key.Node()
		last := key.IsLast()
		at = t.into(at, n, array && last)
	}
	return at
}

// into is the map at a key of v, made if it is not there. In an array of
// tables it is the last one, or with add a further one.
func (t *tomlReader) into(v *Value, key *unstable.Node, add bool) *Value {
	name := string(key.Data)
	have := v.Get(name)
	if have == nil {
		fresh := t.newMap(int(key.Raw.Offset), int(key.Raw.Offset+key.Raw.Length))
		have = fresh
		if add {
			have = &Value{Kind: List, Layer: Pyproject, Range: fresh.Range, Items: []*Value{fresh}}
		}
		v.Entries = append(v.Entries, Entry{Key: name, Range: t.rangeOf(key.Raw), Value: have})
		return fresh
	}
	if have.Kind != List {
		return have
	}
	if add || len(have.Items) == 0 {
		have.Items = append(have.Items, t.newMap(int(key.Raw.Offset), int(key.Raw.Offset+key.Raw.Length)))
	}
	return have.Items[len(have.Items)-1]
}

// assign puts a key and its value, perhaps with a dotted key, into table.
func (t *tomlReader) assign(table *Value, e *unstable.Node, depth int) {
	key := e.Key()
	for key.Next() {
		n := key.Node()
		if !key.IsLast() {
			table = t.into(table, n, false)
			continue
		}
		after := int(n.Raw.Offset + n.Raw.Length)
		value := t.value(e.Value(), t.afterEquals(after), depth+1)
		table.Entries = append(table.Entries, Entry{Key: string(n.Data), Range: t.rangeOf(n.Raw), Value: value})
	}
}

// afterEquals is where the value begins whose key ends at offset.
func (t *tomlReader) afterEquals(offset int) int {
	rest := t.data[offset:]
	trimmed := bytes.TrimLeft(rest, " \t=")
	return offset + len(rest) - len(trimmed)
}

// value is n, which begins at offset where the parser does not say.
func (t *tomlReader) value(n *unstable.Node, offset, depth int) *Value {
	if n.Raw.Length > 0 {
		offset = int(n.Raw.Offset)
	}
	v := &Value{Layer: Pyproject, Range: t.place(offset, offset+int(n.Raw.Length))}
	if depth > deepest {
		if len(t.list) == 0 {
			t.list = append(t.list, diag.At(v.Range, diag.BadValue, "values are nested more than %d deep", deepest))
		}
		return v
	}
	switch n.Kind {
	case unstable.Array:
		v.Kind, v.Items = List, []*Value{}
		for it := n.Children(); it.Next(); {
			if c := it.Node(); c.Kind != unstable.Comment {
				v.Items = append(v.Items, t.value(c, offset, depth+1))
			}
		}
	case unstable.InlineTable:
		v.Kind, v.Entries = Map, []Entry{}
		for it := n.Children(); it.Next(); {
			if c := it.Node(); c.Kind == unstable.KeyValue {
				t.assign(v, c, depth)
			}
		}
	case unstable.Bool:
		v.Kind, v.Type, v.Text = Scalar, Bool, string(n.Data)
	case unstable.Integer, unstable.Float:
		v.Kind, v.Type = Scalar, Int
		if n.Kind == unstable.Float {
			v.Type = Float
		}
		// 1_000 is 1000 everywhere else.
		v.Text = strings.ReplaceAll(string(n.Data), "_", "")
		if word := strings.TrimLeft(v.Text, "+-"); word == "inf" || word == "nan" {
			v.Text = strings.Replace(v.Text, word, "."+word, 1)
		}
	default: // text, and dates, which are text here
		v.Kind, v.Type, v.Text = Scalar, String, string(n.Data)
	}
	return v
}
