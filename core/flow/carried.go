package flow

import (
	"strings"

	"github.com/stackrun/stack/core/diag"
)

// longestText is the longest argument or variable that Linux gives a program:
// MAX_ARG_STRLEN, 32 pages of 4 KiB, with room for the variable's name and the
// final zero.
const longestText = 32*4096 - 128

// carried is what keeps text from arriving at a program unchanged, or nil.
func carried(what, text string, r diag.Range) *diag.Diagnostic {
	var d diag.Diagnostic
	switch {
	case strings.ContainsRune(text, 0):
		d = diag.At(r, diag.BadValue, "%s has a zero character, which no program can be given", what)
	case len(text) > longestText:
		d = diag.At(r, diag.BadValue, "%s has %d bytes; a program can be given %d at most", what, len(text), longestText).Try("put it in a file of the source")
	case strings.Contains(text, opening):
		d = diag.At(r, diag.BadExpression, "%s cannot have %s in it", what, opening).Because("It would be taken for an expression later.")
	default:
		return nil
	}
	return &d
}

func (p *parser) carried(what, text string, r diag.Range) bool {
	d := carried(what, text, r)
	if d != nil {
		p.add(*d)
	}
	return d == nil
}
