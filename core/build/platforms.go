package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
)

// eachPlatform makes an image for several platforms of one image for each: they
// are built side by side, pushed under tags of their own beside the image's, and
// then listed by an index, which gets the image's tags. No builder has to know
// of indexes, and no tag of the image moves before everything is there. The tags
// of the parts stay: what is done of a build that fails is not done again.
func eachPlatform(o Options, next func(o Options) maker) maker {
	one := next(o)
	return func(ctx context.Context, j Job) (Outcome, error) {
		if len(j.Request.Platforms) < 2 {
			return one(ctx, j)
		}
		if !j.Request.Push {
			return Outcome{}, diag.Fail(diag.BuilderCannot,
				fmt.Errorf("image %s is for %s, and without a registry it can be for one platform only", j.Request.Destination, strings.Join(j.Request.Platforms, " and ")),
				"add container_registry { uri = … } to the stack, or name one platform")
		}
		parts, err := partsOf(j)
		if err != nil {
			return Outcome{}, err
		}
		outcomes, err := buildParts(ctx, parts, func(platform string) maker {
			return reused(o, next(o.forPlatform(platform)))
		})
		if err != nil {
			return Outcome{}, err
		}
		out := Outcome{Action: Built, Reasons: why(j)}
		var digests []string
		for i, part := range outcomes {
			if err := verifyPrograms(ctx, o, parts[i].Request, part.Digest); err != nil {
				return Outcome{}, err
			}
			digests = append(digests, part.Digest)
			out.Warnings = union(out.Warnings, part.Warnings)
		}
		if out.Digest, err = o.Registry.Index(ctx, j.Request.Destination, digests, j.Request.ExtraTags...); err != nil {
			return Outcome{}, fmt.Errorf("make the index of image %s: %w", j.Request.Destination, err)
		}
		return out, verifyPublished(ctx, o, j.Request, out.Digest)
	}
}

// buildParts makes all parts. The first failure cancels the others, and is the
// one that is told.
func buildParts(ctx context.Context, parts []Job, making func(platform string) maker) ([]Outcome, error) {
	working, cancel := context.WithCancel(ctx)
	defer cancel()
	outcomes := make([]Outcome, len(parts))
	var wg sync.WaitGroup
	var mu sync.Mutex // of failures
	var failures []error
	for i, part := range parts {
		wg.Add(1)
		go func() {
			defer wg.Done()
			out, err := making(part.Request.Platforms[0])(working, part)
			outcomes[i] = out
			if err == nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if working.Err() == nil || !stopped(err) {
				failures = append(failures, err)
			}
			cancel()
		}()
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return outcomes, joined(failures)
}

// partsOf is a job for each platform of one.
func partsOf(j Job) ([]Job, error) {
	var parts []Job
	for _, platform := range j.Request.Platforms {
		suffix := "-" + strings.ReplaceAll(platform, "/", "-")
		part := j
		part.Request.Platforms = []string{platform}
		part.Request.ExtraTags = nil
		var err error
		if part.Request.Destination, err = suffixed(j.Request.Destination, suffix); err != nil {
			return nil, err
		}
		if part.Request.Stages, err = stagesFor(j.Request.Stages, suffix); err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// suffixed is a reference, repository:tag, with another end of its tag.
func suffixed(reference, suffix string) (string, error) {
	if colon := strings.LastIndexByte(reference, ':'); colon <= strings.LastIndexByte(reference, '/') || strings.Contains(reference, "@") {
		return "", fmt.Errorf("image %s has no tag", reference)
	}
	return reference + suffix, nil
}

// stagesFor gives what the stages share by name a name for each platform: the
// image below, which would otherwise be that of whichever platform is built
// last, and the caches that are written, which would hold one platform's only.
func stagesFor(stages []image.Stage, suffix string) ([]image.Stage, error) {
	out := slices.Clone(stages)
	for i := range out {
		s := &out[i]
		if s.Base != "" {
			from, to := []byte("FROM "+s.Base+"\n"), []byte("FROM "+s.Base+suffix+"\n")
			if bytes.Count(s.Dockerfile, from) != 1 {
				return nil, errors.New("a stage does not start from the one below it")
			}
			s.Dockerfile = bytes.Replace(s.Dockerfile, from, to, 1)
			s.Base += suffix
		}
		s.Options = cachesFor(s.Options, suffix)
	}
	return out, nil
}

// forPlatform is o with the platform in what it tells of parts of a build, as
// BuildKit writes it when it builds for several: [linux/arm64 2/3] RUN ….
func (o Options) forPlatform(platform string) Options {
	progress := o.Progress
	o.Progress = func(p Progress) {
		name := p.Vertex
		if rest, ok := strings.CutPrefix(p.Vertex, "["); ok && !strings.HasPrefix(rest, "internal]") {
			p.Vertex = "[" + platform + " " + strings.TrimPrefix(rest, "stage-0 ")
		}
		if p.Message == name {
			p.Message = p.Vertex
		}
		progress(p)
	}
	return o
}
