package stackfile

import (
	"math/big"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/stackrun/stack/core/settings"
)

// asWritten gives a number the text that was written for it, so that 1.10
// stays 1.10. A local that is a number counts as written in its place.
func (s *scope) asWritten(v *settings.Value, expr hclsyntax.Expression) {
	switch e := expr.(type) {
	case *hclsyntax.LiteralValueExpr, *hclsyntax.UnaryOpExpr:
		if neg, ok := e.(*hclsyntax.UnaryOpExpr); ok {
			if _, literal := neg.Val.(*hclsyntax.LiteralValueExpr); !literal {
				return
			}
		}
		src := s.file.source(expr.Range().Filename)
		if src == nil {
			return
		}
		if text := src.slice(expr.Range()); text != "" && !strings.ContainsAny(text, " \t\n") {
			v.Text = text
			v.Type = numberType(text)
		}
	case *hclsyntax.ScopeTraversalExpr:
		names, all := referred(e.Traversal)
		if all || len(e.Traversal) != 2 || len(names) != 1 {
			return
		}
		switch e.Traversal.RootName() {
		case "local":
			if a := s.file.locals[names[0]]; a != nil {
				s.asWritten(v, a.Expr)
			}
		case "var":
			if variable := s.file.variables[names[0]]; variable != nil {
				given, ok := s.file.given[names[0]]
				switch {
				case ok && given.expr != nil:
					s.asWritten(v, given.expr)
				case ok:
					v.Text = strings.TrimSpace(given.text)
					v.Type = numberType(v.Text)
				case variable.fallback != nil:
					s.asWritten(v, variable.fallback.Expr)
				}
			}
		}
	}
}

// numberText is a number in decimal digits.
func numberText(n *big.Float) (string, bool) {
	if n.IsInf() || n.Sign() != 0 && (n.MantExp(nil) > 4*largestExponent || n.MantExp(nil) < -4*largestExponent) { // powers of two
		return "", false
	}
	return n.Text('f', -1), true
}

// numberType tells whole numbers, written in digits only, from others.
func numberType(text string) settings.ScalarType {
	for _, c := range strings.TrimPrefix(text, "-") {
		if c < '0' || c > '9' {
			return settings.Float
		}
	}
	return settings.Int
}
