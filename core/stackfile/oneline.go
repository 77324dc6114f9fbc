package stackfile

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// expandOneLine gives the text with a newline after the opening and before and
// after the closing brace of blocks that are written on one line, and the
// offsets in the result at which a newline was put in.
//
// HCL takes a single argument and nothing else in such a block. Here a stack
// may also be written as
//
//	stack "local" { orchestrator "local" {} }
//
// since that reads well and has one meaning. Expressions are left alone.
func expandOneLine(text []byte) (expanded []byte, inserted []int) {
	tokens, _ := hclsyntax.LexConfig(text, "", hcl.InitialPos)
	var cuts []int // offsets in text before which a newline goes
	var open []bool
	inBody := func() bool { return len(open) == 0 || open[len(open)-1] }
	endsLine := func(i int) bool {
		if i < 0 || i >= len(tokens) {
			return true
		}
		switch t := tokens[i]; t.Type {
		case hclsyntax.TokenNewline, hclsyntax.TokenEOF:
			return true
		case hclsyntax.TokenComment:
			return t.Bytes[len(t.Bytes)-1] == '\n'
		}
		return false
	}
	start := true // at the start of an attribute or block
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		if start && inBody() && t.Type == hclsyntax.TokenIdent {
			if brace := blockBrace(tokens, i); brace > 0 {
				i = brace
				open = append(open, true)
				if !endsLine(i+1) && tokens[i+1].Type != hclsyntax.TokenCBrace {
					cuts = append(cuts, tokens[i].Range.End.Byte)
				}
				continue
			}
		}
		start = start && t.Type == hclsyntax.TokenComment || endsLine(i)
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			open = append(open, false)
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd:
			if len(open) == 0 {
				return text, nil
			}
			body := open[len(open)-1]
			open = open[:len(open)-1]
			if !body || t.Type != hclsyntax.TokenCBrace {
				break
			}
			if !endsLine(i-1) && tokens[i-1].Type != hclsyntax.TokenOBrace && (len(cuts) == 0 || cuts[len(cuts)-1] != t.Range.Start.Byte) {
				cuts = append(cuts, t.Range.Start.Byte)
			}
			if !endsLine(i + 1) {
				cuts = append(cuts, t.Range.End.Byte)
			}
			start = true
		}
	}
	from := 0
	for n, cut := range cuts {
		expanded = append(append(expanded, text[from:cut]...), '\n')
		inserted = append(inserted, cut+n)
		from = cut
	}
	return append(expanded, text[from:]...), inserted
}

// blockBrace is the index of the brace that opens the block whose type is token
// i, or 0 where there is none.
func blockBrace(tokens hclsyntax.Tokens, i int) int {
	for i++; i < len(tokens); i++ {
		switch tokens[i].Type {
		case hclsyntax.TokenIdent, hclsyntax.TokenOQuote, hclsyntax.TokenQuotedLit, hclsyntax.TokenCQuote:
		case hclsyntax.TokenOBrace:
			return i
		default:
			return 0
		}
	}
	return 0
}
