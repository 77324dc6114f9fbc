package requirement

import (
	"bytes"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// lineIndex is the line of each key of a TOML document, and of each item of a
// list, by its path.
type lineIndex map[string]int

// of is the line of a path, or of the nearest table above it that has one.
func (l lineIndex) of(path ...string) int {
	for n := len(path); n > 0; n-- {
		if line, ok := l[strings.Join(path[:n], "\x00")]; ok {
			return line
		}
	}
	return 1
}

// indexLines reads a document that is known to be right.
func indexLines(data []byte) lineIndex {
	index := lineIndex{}
	note := func(path []string, offset uint32) {
		key := strings.Join(path, "\x00")
		if _, ok := index[key]; !ok {
			index[key] = bytes.Count(data[:min(int(offset), len(data))], []byte("\n")) + 1
		}
	}
	var p unstable.Parser
	p.Reset(data)
	var table []string
	for p.NextExpression() {
		e := p.Expression()
		path := []string{}
		if e.Kind == unstable.KeyValue {
			path = append(path, table...)
		}
		for key := e.Key(); key.Next(); {
			path = append(path, string(key.Node().Data))
			note(path, key.Node().Raw.Offset)
		}
		if e.Kind != unstable.KeyValue {
			table = path
			continue
		}
		if value := e.Value(); value.Kind == unstable.Array {
			i := 0
			for items := value.Children(); items.Next(); {
				if n := items.Node(); n.Kind != unstable.Comment {
					if n.Raw.Length > 0 {
						note(append(path, itoa(i)), n.Raw.Offset)
					}
					i++
				}
			}
		}
	}
	return index
}
