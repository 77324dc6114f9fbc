package migration

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/stackrun/stack/core/diag"
)

// comments is the comments of the other file, by the line of what they are
// about, so that they move with it.
type comments map[int]comment

type comment struct{ above, beside string }

// readComments finds the comments of a YAML file that is well formed.
// top is the one that the file begins with, apart from what follows.
func readComments(data []byte) (all comments, top string) {
	all = comments{}
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		return all, ""
	}
	var document yaml.Node
	if loader.Load(&document) == nil {
		all.gather(&document, 0)
	}
	return all, document.HeadComment
}

func (c comments) gather(n *yaml.Node, depth int) {
	if depth > 200 {
		return
	}
	have := c[n.Line]
	if n.Kind != yaml.DocumentNode && have.above == "" {
		have.above = n.HeadComment
	}
	if have.beside == "" {
		have.beside = n.LineComment
	}
	if have != (comment{}) {
		c[n.Line] = have
	}
	for _, child := range n.Content {
		c.gather(child, depth+1)
	}
}

// give moves the comments of a line to a node, once.
func (c comments) give(n *yaml.Node, from diag.Range) {
	have, ok := c[from.Line]
	if !ok {
		return
	}
	delete(c, from.Line)
	if !holdsSecret(have.above) {
		n.HeadComment = have.above
	}
	if !holdsSecret(have.beside) {
		n.LineComment = have.beside
	}
}

// place puts a node into a map, with the comments that stood there.
func (r *reader) place(m *yaml.Node, key string, value *yaml.Node, p place) {
	put(m, key, value)
	r.comments.give(keyOf(m, key), p.key)
	if k := keyOf(m, key); value.Kind == yaml.ScalarNode && value.Style&yaml.LiteralStyle == 0 {
		value.LineComment, k.LineComment = k.LineComment, ""
	}
}

// asComment is text as lines of a comment.
func asComment(text string) string {
	return "# " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n# ")
}
