package migration

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

// comments is the comments of the other file, by the line of what they are
// about, so that they move with it.
type comments map[int]comment

type comment struct{ above, beside string }

// readComments finds the comments of a YAML file that is well formed.
func readComments(data []byte) comments {
	out := comments{}
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		return out
	}
	var document yaml.Node
	if loader.Load(&document) == nil {
		out.gather(&document, 0)
	}
	return out
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

// first takes the comment that the file begins with: it is about all of it.
func (c comments) first(v *settings.Value) string {
	if v.Kind != settings.Map || len(v.Entries) == 0 {
		return ""
	}
	line := v.Entries[0].Range.Line
	have, ok := c[line]
	if !ok {
		return ""
	}
	c[line] = comment{beside: have.beside}
	return have.above
}

// asComment is text as lines of a comment.
func asComment(text string) string {
	return "# " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n# ")
}
