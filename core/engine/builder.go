package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/stackfile"
)

// stackBuilder is the image builder of a stack, with what the stack says of it.
type stackBuilder struct {
	name     string
	builder  build.Builder
	about    build.Description
	caBundle []byte
	proxy    map[string]string
}

// defaultBuilder builds where a stack names no builder.
const defaultBuilder = "docker"

// builderOf starts the builder of a stack.
func (e *Engine) builderOf(ctx context.Context, stack *stackfile.Stack) (*stackBuilder, error) {
	b := &stackBuilder{name: defaultBuilder}
	at := stack.Range
	if stack.ImageBuilder != nil {
		b.name, at = stack.ImageBuilder.Type, stack.ImageBuilder.Range
	}
	var err error
	if b.builder, err = e.Plugins.Builder(ctx, b.name); err != nil {
		return nil, withRange(err, at)
	}
	if b.about, err = b.builder.Describe(ctx); err != nil {
		return nil, err
	}
	return b, nil
}

// dialect is how Dockerfiles are written for the builder.
func (b *stackBuilder) dialect() image.Dialect { return image.BuildKit() }

// readCABundle reads the certificates that a build shall trust.
func readCABundle(dir, path string, at diag.Range) ([]byte, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, diag.List{diag.At(at, diag.FileUnreadable, "ca_bundle cannot be read: %v", err)}
	}
	if len(data) == 0 {
		return nil, diag.List{diag.At(at, diag.BadValue, "ca_bundle %s is empty", path)}
	}
	return data, nil
}

var _ = fmt.Sprintf
