package lockfile

import (
	"errors"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/stackrun/stack/core/diag"
)

const (
	baseBlock   = "base_image"
	pluginBlock = "plugin"
)

// largest is the size from which on a file is surely not a lock.
const largest = 1 << 20

// The parser of HCL calls itself for every bracket and operator, and a Go program
// whose stack overflows cannot be saved. No lock comes near these bounds.
const (
	deepest       = 100
	mostOperators = 10_000
)

// Read reads the lock at path, which diagnostics call shown. Where there is no
// file, exists is false and the File is empty.
func Read(path, shown string) (f File, exists bool, list diag.List) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return File{}, false, nil
	case err == nil && info.IsDir():
		return File{}, true, diag.List{diag.New(diag.FileUnreadable, "%s is a folder", shown)}
	case err == nil && info.Size() > largest:
		return File{}, true, diag.List{diag.New(diag.FileUnreadable, "%s has %d bytes; a lock has %d at most", shown, info.Size(), largest)}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return File{}, true, diag.List{diag.New(diag.FileUnreadable, "cannot read %s: %v", shown, err)}
	}
	f, list = Parse(shown, text)
	return f, true, list
}

// Parse reads the text of a lock, which diagnostics call shown.
func Parse(shown string, text []byte) (File, diag.List) {
	p := parser{name: shown, text: text, seen: map[string]bool{}}
	if at := excess(text); at != nil {
		return File{}, diag.List{diag.At(p.at(*at), diag.Syntax, "nested too deeply for a lock")}
	}
	file, problems := hclsyntax.ParseConfig(text, shown, hcl.InitialPos)
	p.syntax(problems)
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok || p.list.HasErrors() {
		return File{}, p.list
	}
	for _, a := range sorted(body.Attributes) {
		p.fail(a.NameRange, diag.UnknownField, "%q is not an entry of a lock", a.Name)
	}
	var f File
	plugins := false
	for _, b := range body.Blocks {
		switch b.Type {
		case baseBlock:
			if base, ok := p.base(b); ok {
				f.bases = append(f.bases, base)
			}
		case pluginBlock: // read by those who know plugins
			plugins = true
		default:
			p.list = append(p.list, diag.At(p.at(b.TypeRange), diag.UnknownField, "unknown block %q", b.Type).
				Because("A lock has blocks of base_image and plugin.").Try(diag.DidYouMean(b.Type, []string{baseBlock, pluginBlock})))
		}
	}
	if p.list.HasErrors() {
		return File{}, p.list
	}
	slices.SortFunc(f.bases, func(a, b Base) int { return strings.Compare(a.Reference, b.Reference) })
	if plugins {
		f.plugins = p.kept()
	}
	return f, p.list
}

// kept is the blocks that are written again as they are, sorted by name.
func (p *parser) kept() []block {
	file, problems := hclwrite.ParseConfig(p.text, p.name, hcl.InitialPos)
	if p.syntax(problems); p.list.HasErrors() {
		return nil
	}
	var out []block
	for _, b := range file.Body().Blocks() {
		if b.Type() == pluginBlock {
			out = append(out, block{labels: b.Labels(), tokens: b.BuildTokens(nil)})
		}
	}
	slices.SortStableFunc(out, func(a, b block) int { return slices.Compare(a.labels, b.labels) })
	return out
}

// excess is the place at which a text exceeds the bounds, or nil.
func excess(text []byte) *hcl.Range {
	tokens, _ := hclsyntax.LexConfig(text, "", hcl.InitialPos)
	depth, operators := 0, 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd:
			depth--
		case hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenPlus, hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPercent,
			hclsyntax.TokenQuestion, hclsyntax.TokenAnd, hclsyntax.TokenOr:
			operators++
		}
		if depth > deepest || operators > mostOperators {
			return &t.Range
		}
	}
	return nil
}

type parser struct {
	name string
	text []byte
	list diag.List
	seen map[string]bool
}

func (p *parser) fail(at hcl.Range, code diag.Code, format string, args ...any) {
	p.list = append(p.list, diag.At(p.at(at), code, format, args...).Try("`stack plan --lock` writes entries"))
}

// base reads one entry.
func (p *parser) base(b *hclsyntax.Block) (Base, bool) {
	before := len(p.list)
	if len(b.Labels) != 1 {
		p.fail(b.DefRange(), diag.MissingField, "a base_image has one label: the reference of the image")
		return Base{}, false
	}
	out := Base{Reference: familiar(b.Labels[0])}
	if ref, err := name.ParseReference(b.Labels[0]); err != nil {
		p.fail(b.LabelRanges[0], diag.BadValue, "%q is not an image reference", b.Labels[0])
	} else if _, pinned := ref.(name.Digest); pinned {
		p.fail(b.LabelRanges[0], diag.BadValue, "%q names a digest already and needs no lock", b.Labels[0])
	} else if p.seen[out.Reference] {
		p.fail(b.LabelRanges[0], diag.Duplicate, "%s is locked twice", out.Reference)
	}
	p.seen[out.Reference] = true
	for _, inner := range b.Body.Blocks {
		p.fail(inner.TypeRange, diag.UnknownField, "unknown block %q in base_image", inner.Type)
	}
	for _, a := range sorted(b.Body.Attributes) {
		switch a.Name {
		case "digest":
			out.Digest, out.Range = p.digest(a), p.at(a.Expr.Range())
		case "platforms":
			out.Platforms = p.platforms(a)
		default:
			p.list = append(p.list, diag.At(p.at(a.NameRange), diag.UnknownField, "unknown field %q in base_image", a.Name).
				Try(diag.DidYouMean(a.Name, []string{"digest", "platforms"})))
		}
	}
	for _, name := range []string{"digest", "platforms"} {
		if b.Body.Attributes[name] == nil {
			p.fail(b.DefRange(), diag.MissingField, "base_image %q has no %s", b.Labels[0], name)
		}
	}
	return out, len(p.list) == before
}

var digestShape = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^sha256:[0-9a-f]{64}$`) })

func (p *parser) digest(a *hclsyntax.Attribute) string {
	v, problems := a.Expr.Value(nil)
	if problems.HasErrors() || v.IsNull() || v.Type() != cty.String {
		p.fail(a.Expr.Range(), diag.WrongType, "digest must be a text")
		return ""
	}
	if !digestShape().MatchString(v.AsString()) {
		p.fail(a.Expr.Range(), diag.BadValue, "%q is not a digest: sha256: and 64 hex digits", v.AsString())
	}
	return v.AsString()
}

var platformShape = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9.]+)?$`) })

func (p *parser) platforms(a *hclsyntax.Attribute) []string {
	v, problems := a.Expr.Value(nil)
	if problems.HasErrors() || v.IsNull() || !v.Type().IsTupleType() || v.LengthInt() == 0 {
		p.fail(a.Expr.Range(), diag.WrongType, "platforms must be a list of such as \"linux/amd64\"")
		return nil
	}
	var out []string
	for _, e := range v.AsValueSlice() {
		if e.IsNull() || e.Type() != cty.String || !platformShape().MatchString(e.AsString()) {
			p.fail(a.Expr.Range(), diag.BadValue, "platforms must be a list of such as \"linux/amd64\"")
			return nil
		}
		out = append(out, e.AsString())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (p *parser) syntax(problems hcl.Diagnostics) {
	for _, d := range problems {
		if d.Severity != hcl.DiagError {
			continue
		}
		found := diag.New(diag.Syntax, "%s", lower(strings.TrimSuffix(d.Summary, ".")))
		found.Detail = d.Detail
		if d.Subject != nil {
			r := p.at(*d.Subject)
			found.Range = &r
		}
		p.list = append(p.list, found.Try("take the last good version from version control, or remove the file and run `stack plan --lock`"))
	}
}

func lower(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToLower(r)) + text[size:]
}

// at converts a range: HCL counts columns in grapheme clusters, diagnostics in
// runes.
func (p *parser) at(r hcl.Range) diag.Range {
	out := diag.Range{File: p.name}
	out.Line, out.Column = p.position(r.Start.Byte)
	out.EndLine, out.EndColumn = p.position(r.End.Byte)
	return out
}

func (p *parser) position(offset int) (line, column int) {
	before := string(p.text[:min(max(offset, 0), len(p.text))])
	start := strings.LastIndexByte(before, '\n') + 1
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[start:]) + 1
}

func sorted(attributes hclsyntax.Attributes) []*hclsyntax.Attribute {
	var out []*hclsyntax.Attribute
	for _, a := range attributes {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b *hclsyntax.Attribute) int { return a.SrcRange.Start.Byte - b.SrcRange.Start.Byte })
	return out
}
