package engine

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/core/stackfile"
)

// images answers what a plan asks about images: bases and reuse from the
// registry, or from the builder's own store where the stack has none.
type images struct {
	builder  *stackBuilder
	registry Registry
	records  build.Records
	flow     string
	stack    *stackfile.Stack
	before   map[string]image.Inputs // what the steps used before a build, once it began
}

func (e *Engine) imagesOf(ctx context.Context, r *plan.Resolved) (*images, error) {
	b, err := e.builderOf(ctx, r.Stack)
	if err != nil {
		return nil, err
	}
	r.Warnings = append(r.Warnings, b.warnings...)
	return &images{builder: b, registry: e.registryOf(r.Stack), records: e.records(), flow: r.Flow.Name, stack: r.Stack}, nil
}

// registryOf is a client of the registries that a stack uses.
func (e *Engine) registryOf(stack *stackfile.Stack) Registry {
	var plain []string
	if r := stack.Registry; r != nil && r.PlainHTTP {
		host, _, _ := strings.Cut(r.URI, "/")
		plain = append(plain, host)
	}
	return e.Registry(plain)
}

// Digests asks the registry for each base. A base that no registry has may be
// in the builder's own store, where it is known by its id. One that a registry
// has for other platforms only, or does not let us see, is not looked for there:
// what the store has is then another image, or a copy of the wrong one.
func (im *images) Digests(ctx context.Context, references, platforms []string) (map[string]string, error) {
	var mu sync.Mutex
	out := map[string]string{}
	var problems plan.BaseProblems
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for _, reference := range references {
		group.Go(func() error {
			digest, err := im.registry.Resolve(ctx, reference, platforms...)
			if err != nil && !im.builder.about.NeedsRegistry && isCode(err, diag.BaseNotFound) {
				if local, findErr := im.builder.builder.Find(ctx, reference); findErr == nil && local.ID != "" {
					digest, err = localBase(reference, local, platforms)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			if isCode(err, diag.BaseNotFound, diag.BasePlatform) {
				problems = append(problems, plan.BaseProblem{Reference: reference, Found: diag.FromError(err)}) // tell all that are missing
				return nil
			}
			out[reference] = digest
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return out, problems.Err()
}

// localBase is a base of the builder's own store as a digest, if it is for the
// platforms: engines build on an image of another one without a word.
func localBase(reference string, local build.Local, platforms []string) (string, error) {
	for _, p := range platforms {
		if local.Platform != "" && !build.SamePlatform(local.Platform, p) {
			return "", diag.Fail(diag.BasePlatform, fmt.Errorf("base image %s does not exist for %s", reference, p),
				"the builder's copy is for "+local.Platform)
		}
	}
	return "local:" + local.ID, nil
}

// isCode reports whether err is a diagnostic or failure of one of the codes.
func isCode(err error, codes ...diag.Code) bool {
	if err == nil {
		return false
	}
	for _, d := range diag.FromError(err) {
		for _, c := range codes {
			if d.Code == c {
				return true
			}
		}
	}
	return false
}

// Find looks for an image by its key.
func (im *images) Find(ctx context.Context, p plan.Image) (plan.Found, error) {
	if p.Local {
		local, err := im.builder.builder.Find(ctx, p.Reference)
		if err != nil {
			return plan.Found{}, err
		}
		return plan.Found{Exists: local.ID != "" && local.Labels[image.KeyLabel] == p.Key, LocalID: local.ID}, nil
	}
	digest, found, err := build.Published(ctx, im.registry, p.Reference, p.Key, p.Platforms)
	return plan.Found{Exists: found, Digest: digest}, err
}
