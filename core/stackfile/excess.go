package stackfile

import (
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// HCL's parser and its expressions call themselves for every bracket, operator
// and template directive, and a Go program whose stack overflows cannot be
// saved; nor can one that writes 1e999999999 in digits. These bounds are far
// above what people write and far below what a process holds.
const (
	deepest         = 500
	harmless        = 5_000 // brackets, even if all of them are inside each other
	mostOperators   = 50_000
	largestExponent = 4096
)

// excess is the place at which a text exceeds the bounds, and what is wrong
// there; nil for nearly every text.
func excess(text []byte) (at *hcl.Range, what string) {
	if !suspicious(text) {
		return nil, ""
	}
	tokens, _ := hclsyntax.LexConfig(text, "", hcl.InitialPos)
	depth, operators := 0, 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp:
			depth++
		case hclsyntax.TokenTemplateControl:
			depth++
			operators++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd:
			depth--
		case hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenPlus, hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPercent,
			hclsyntax.TokenQuestion, hclsyntax.TokenAnd, hclsyntax.TokenOr, hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual,
			hclsyntax.TokenLessThan, hclsyntax.TokenLessThanEq, hclsyntax.TokenGreaterThan, hclsyntax.TokenGreaterThanEq:
			operators++
		case hclsyntax.TokenNumberLit:
			if exponent(string(t.Bytes)) > largestExponent {
				return &t.Range, "number is too large or too small"
			}
		}
		if depth > deepest || operators > mostOperators {
			return &t.Range, "nested too deeply"
		}
	}
	return nil, ""
}

// suspicious reports whether a text needs a closer look. It is cheap, so that
// most files are read once only.
func suspicious(text []byte) bool {
	opened, signs := 0, 0
	for i, b := range text {
		switch b {
		case '(', '[', '{':
			opened++
		case '!', '+', '-', '*', '/', '%', '?', '&', '|', '<', '>', '=':
			signs++
		case 'e', 'E':
			digits := 0
			for j := i + 1; j < len(text) && digits < 4 && (text[j] >= '0' && text[j] <= '9' || j == i+1 && (text[j] == '+' || text[j] == '-')); j++ {
				if text[j] >= '0' {
					digits++
				}
			}
			if digits == 4 && i > 0 && text[i-1] >= '0' && text[i-1] <= '9' {
				return true
			}
		}
	}
	return opened > harmless || signs > mostOperators
}

// exponent is the size of the exponent of a number as it is written.
func exponent(number string) int {
	at := strings.IndexAny(number, "eE")
	if at < 0 {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimLeft(number[at+1:], "+-"))
	if err != nil {
		return largestExponent + 1
	}
	return n
}
