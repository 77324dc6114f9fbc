package stackfile

import (
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/stackrun/stack/core/diag"
)

// Format is the text of a stacks.hcl called name with its spacing and
// alignment as HCL is customarily written. Nothing but white space changes. A
// text with syntax errors is not formatted.
func Format(name string, text []byte) ([]byte, diag.List) {
	s := newSource(name, text, true)
	if _, list := s.parse(); list.HasErrors() {
		return nil, list
	}
	return hclwrite.Format(text), nil
}
