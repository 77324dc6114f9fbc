package lockfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// header is the first lines of every lock.
const header = `# What this project's base images were when they were locked. Written by
# ` + "`stack plan FLOW --lock`" + `: keep it under version control, and use that command
# rather than an editor to change it.
`

// block is a block that is kept as it is.
type block struct {
	labels []string
	tokens hclwrite.Tokens
}

// Bytes is the text of the file: base images sorted by reference, then plugins
// sorted by name.
func (f File) Bytes() []byte {
	out := hclwrite.NewEmptyFile()
	body := out.Body()
	for _, b := range f.bases {
		body.AppendNewline()
		entry := body.AppendNewBlock(baseBlock, []string{b.Reference}).Body()
		entry.SetAttributeValue("digest", cty.StringVal(b.Digest))
		var platforms []cty.Value
		for _, p := range b.Platforms {
			platforms = append(platforms, cty.StringVal(p))
		}
		entry.SetAttributeValue("platforms", cty.TupleVal(platforms))
	}
	for _, p := range f.plugins {
		body.AppendNewline()
		body.AppendUnstructuredTokens(withoutHeader(p.tokens))
	}
	return append([]byte(header), hclwrite.Format(out.Bytes())...)
}

// withoutHeader is tokens without the lines of the header, which HCL takes for a
// comment on the first block where no empty line is between the two.
func withoutHeader(tokens hclwrite.Tokens) hclwrite.Tokens {
	lines := strings.Split(header, "\n")
	return slices.DeleteFunc(slices.Clone(tokens), func(t *hclwrite.Token) bool {
		return t.Type == hclsyntax.TokenComment && slices.Contains(lines, string(bytes.TrimRight(t.Bytes, "\r\n")))
	})
}

// Write writes the file at path, so that a reader sees the old content or the new
// one, never a part. A link stays a link.
func (f File) Write(path string) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	temporary := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%d", filepath.Base(path), os.Getpid()))
	// Not os.CreateTemp: a lock is for everybody who may read the project.
	out, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = out.Write(f.Bytes())
	if err == nil {
		err = out.Sync()
	}
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		_ = os.Remove(temporary) // the first error is the one to tell
	}
	return err
}
