package builder

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	bkclient "github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/session"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
)

// checkBases refuses images to start from that are for another platform than
// the one that is asked for. BuildKit takes them without a word where a registry
// has an image for one platform only, and writes the platform that was asked for
// into what it makes of them: no look at the result tells.
func (b *Builder) checkBases(ctx context.Context, bk *bkclient.Client, r build.Request, stage image.Stage) error {
	bases := basesOf(stage)
	if len(r.Platforms) != 1 || len(bases) == 0 {
		return nil
	}
	wanted := r.Platforms[0]
	options := bkclient.SolveOpt{
		Internal: true,
		Session:  []session.Attachable{&credentials{keychain: b.options.Keychain}},
	}
	is := map[string]string{}
	_, err := bk.Build(ctx, options, "", func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		for _, base := range bases {
			_, _, raw, err := c.ResolveImageConfig(ctx, base, sourceresolver.Opt{ImageOpt: &sourceresolver.ResolveImageOpt{Platform: platform(wanted)}})
			if err != nil {
				continue // the build says it better
			}
			var config ocispecs.Image
			if json.Unmarshal(raw, &config) == nil {
				is[base] = platformOf(config.OS, config.Architecture, config.Variant)
			}
		}
		return gateway.NewResult(), nil
	}, nil)
	if err != nil {
		return nil // so does it here
	}
	for _, base := range bases {
		if has := is[base]; has != "" && !build.SamePlatform(has, wanted) {
			return diag.Fail(diag.WrongPlatform, fmt.Errorf("image %s is to be for %s, and uses %s, which is for %s", r.Destination, wanted, base, has),
				"use an image that exists for "+wanted+", or leave the platform out; a Dockerfile that means another platform's says so with FROM --platform")
		}
	}
	return nil
}

// basesOf is the images that a stage's Dockerfile starts from, or copies from,
// on the platform that is built for: not those for which it names a platform
// itself, and not those that are stages.
func basesOf(stage image.Stage) []string {
	parsed, err := parser.Parse(bytes.NewReader(stage.Dockerfile))
	if err != nil {
		return nil // the build says what is wrong, and where
	}
	stages, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		return nil
	}
	own := map[string]bool{"scratch": true, strings.ToLower(stage.Base): true, "": true}
	var bases []string
	add := func(name string) {
		_, err := strconv.Atoi(name) // the number of a stage
		if !own[strings.ToLower(name)] && err != nil && !strings.Contains(name, "$") && !slices.Contains(bases, name) {
			bases = append(bases, name)
		}
	}
	for _, s := range stages {
		if s.Platform == "" || s.Platform == "$TARGETPLATFORM" || s.Platform == "${TARGETPLATFORM}" {
			add(s.BaseName)
		}
		for _, c := range s.Commands {
			if c, ok := c.(*instructions.CopyCommand); ok {
				add(c.From)
			}
		}
		own[strings.ToLower(s.Name)] = true
	}
	return bases
}

func platform(text string) *ocispecs.Platform {
	parts := append(strings.Split(text, "/"), "", "")
	return &ocispecs.Platform{OS: parts[0], Architecture: parts[1], Variant: parts[2]}
}
