package migration

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v4"
)

// The flow is built as YAML nodes, in the order in which it is read.

func mapNode() *yaml.Node  { return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"} }
func listNode() *yaml.Node { return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"} }

// textNode is a text, in quotes where it could be taken for something else,
// by this program or by one that reads YAML 1.1.
func textNode(text string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	switch {
	case strings.Contains(text, "\n") && block(text):
		n.Style = yaml.LiteralStyle
	case !isPlain(text):
		n.Style = yaml.DoubleQuotedStyle
	case strings.ContainsAny(text[:1], "{[\"") && strings.Contains(text, `"`) && !strings.ContainsFunc(text, unprintable):
		n.Style = yaml.SingleQuotedStyle // JSON, without a backslash before each quote
	}
	return n
}

// unprintable is what has to be escaped.
func unprintable(r rune) bool { return r < ' ' || r > '~' }

// rawNode is a number, a boolean or null.
func rawNode(tag, text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: text}
}

func boolNode(b bool) *yaml.Node {
	if b {
		return rawNode("!!bool", "true")
	}
	return rawNode("!!bool", "false")
}

// put sets a key of a map; a key that is there already gets the new value.
func put(m *yaml.Node, key string, value *yaml.Node) {
	for i := 0; i < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			m.Content[i+1] = value
			return
		}
	}
	m.Content = append(m.Content, textNode(key), value)
}

func get(m *yaml.Node, key string) *yaml.Node {
	if m == nil {
		return nil
	}
	for i := 0; i < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return m.Content[i+1]
		}
	}
	return nil
}

// keyOf is the node of a key itself, which holds its comments.
func keyOf(m *yaml.Node, key string) *yaml.Node {
	for i := 0; i < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return m.Content[i]
		}
	}
	return nil
}

// child is the map at a key, made if it is not there.
func child(m *yaml.Node, key string) *yaml.Node {
	c := get(m, key)
	if c == nil {
		c = mapNode()
		put(m, key, c)
	}
	return c
}

// widest is how long a list or a map on one line may be.
const widest = 72

// settle writes short lists and maps on one line, as people do.
func settle(n *yaml.Node) {
	for _, c := range n.Content {
		settle(c)
	}
	if n.Kind != yaml.SequenceNode && n.Kind != yaml.MappingNode {
		return
	}
	length := 0
	for _, c := range n.Content {
		if c.Kind != yaml.ScalarNode || c.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 || c.HeadComment != "" || c.LineComment != "" || c.FootComment != "" {
			return
		}
		length += len(c.Value) + 4
	}
	if len(n.Content) == 0 || length <= widest && (n.Kind == yaml.SequenceNode || len(n.Content) <= 6) {
		n.Style |= yaml.FlowStyle
	}
}

// encode is the text of a flow. The parts at the top stand apart.
func encode(top *yaml.Node, header string) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString(header)
	for i := 0; i < len(top.Content); i += 2 {
		settle(top.Content[i+1])
		if key := top.Content[i].Value; key == "image" || key == "params" {
			top.Content[i+1].Style &^= yaml.FlowStyle
		}
		one := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: top.Content[i : i+2]}
		text, err := yaml.Dump(one, yaml.WithV4Defaults(), yaml.WithIndent(2), yaml.WithCompactSeqIndent(false), yaml.WithLineWidth(-1), yaml.WithQuotePreference(yaml.QuoteDouble))
		if err != nil {
			return nil, err
		}
		out.Write(text)
	}
	if text := out.Bytes(); !bytes.HasSuffix(text, []byte("\n")) {
		out.WriteByte('\n')
	}
	return out.Bytes(), nil
}
