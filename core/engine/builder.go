package engine

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/stackfile"
)

// stackBuilder is the image builder of a stack, configured, with what the
// stack says of every builder.
type stackBuilder struct {
	name     string
	builder  build.Builder
	about    build.Description
	caBundle []byte
	proxy    map[string]string
	warnings diag.List
	pushes   bool // the stack has a registry
}

// defaultBuilder builds where a stack names no builder.
const defaultBuilder = "docker"

// builderOf starts and configures the builder of a stack.
func (e *Engine) builderOf(ctx context.Context, stack *stackfile.Stack) (*stackBuilder, error) {
	b := &stackBuilder{name: defaultBuilder, pushes: stack.Registry != nil}
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
	config, list := stack.Builder(b.about.Schema)
	if list.HasErrors() {
		return nil, list
	}
	b.warnings, b.proxy = list, config.Proxy
	if config.CABundle != "" {
		if b.caBundle, err = readCABundle(config.CABundle, stackfile.RangeOf(stack.ImageBuilder, []string{"ca_bundle"})); err != nil {
			return nil, err
		}
	}
	if b.about.NeedsRegistry && stack.Registry == nil {
		return nil, diag.List{diag.At(at, diag.StackComponent, "builder %s needs a registry to push to", b.name).
			Try("add container_registry { uri = … } to the stack")}
	}
	if err := b.builder.Configure(ctx, config.Config); err != nil {
		return nil, fmt.Errorf("configure builder %s: %w", b.name, err)
	}
	return b, nil
}

// dialect is how Dockerfiles are written for the builder.
func (b *stackBuilder) dialect() image.Dialect {
	d := image.BuildKit()
	d.CacheMounts = b.about.CacheMounts
	d.CABundle = len(b.caBundle) > 0
	return d
}

// check refuses settings of an image that the builder cannot honour.
func (b *stackBuilder) check(s image.Settings, rangeOf func(path ...string) diag.Range) diag.List {
	var list diag.List
	if len(s.Platform) > 1 && s.Registry == "" && !b.pushes {
		list = append(list, diag.At(rangeOf("platform"), diag.BuilderCannot, "an image for several platforms needs a registry, and the stack has none").
			Because("An engine's own store holds images of one platform.").Try("add container_registry { uri = … } to the stack, or name one platform"))
	}
	if at, used := secretsUsed(s); used && !b.about.SecretMounts {
		list = append(list, diag.At(rangeOf(at...), diag.BuilderCannot, "builder %s cannot give secrets to a build", b.name).
			Try("use image_builder \"docker\" {}"))
	}
	known := map[string]bool{}
	for _, o := range b.about.BuildOptions {
		known[o] = true
	}
	for _, o := range s.BuildOptionsUsed() {
		if !known[o] {
			list = append(list, diag.At(rangeOf("build", o), diag.BuilderCannot, "builder %s cannot honour image.build.%s", b.name, o).
				Because("It honours %s.", strings.Join(b.about.BuildOptions, ", ")))
		}
	}
	return list
}

// secretsUsed is where s asks for build secrets, if it does.
func secretsUsed(s image.Settings) (at []string, used bool) {
	if len(s.BuildSecrets) > 0 {
		return []string{"build_secrets"}, true
	}
	for i, l := range s.Layers {
		if len(l.Secrets) > 0 {
			return []string{"layers", strconv.Itoa(i), "secrets"}, true
		}
	}
	return nil, false
}

// readCABundle reads the certificates that a build shall trust.
func readCABundle(path string, at diag.Range) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, diag.List{diag.At(at, diag.FileUnreadable, "ca_bundle cannot be read: %v", err)}
	}
	if !strings.Contains(string(data), "-----BEGIN CERTIFICATE-----") {
		return nil, diag.List{diag.At(at, diag.BadValue, "ca_bundle %s holds no certificate", path).Try("it must be a PEM file")}
	}
	return data, nil
}
