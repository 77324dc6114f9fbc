package build

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
)

// verified asks, after a build, for what the builder says that it has made: a
// builder that is mistaken must not make a step run something else, and many
// build for another platform than they were asked to without a word.
func verified(o Options, next maker) maker {
	return func(ctx context.Context, j Job) (Outcome, error) {
		out, err := next(ctx, j)
		if err != nil {
			return out, err
		}
		if !j.Request.Push {
			return out, verifyLocal(ctx, o, j.Request)
		}
		return out, verifyPublished(ctx, o, j.Request, out.Digest)
	}
}

func verifyPublished(ctx context.Context, o Options, r Request, pushed string) error {
	digest, labels, err := o.Registry.Images(ctx, r.Destination)
	if err != nil {
		return fmt.Errorf("check the pushed image %s: %w", r.Destination, err)
	}
	switch {
	case digest == "":
		err = fmt.Errorf("image %s was pushed as %s and is not in the registry", r.Destination, pushed)
	case digest != pushed:
		err = fmt.Errorf("image %s was pushed as %s and is %s in the registry", r.Destination, pushed, digest)
	}
	if err != nil {
		return diag.Fail(diag.BuildFailed, err, pushedByOthers)
	}
	for _, wanted := range r.Platforms {
		if _, ok := imageFor(labels, wanted); !ok {
			return wrongPlatform(r, wanted, slices.Sorted(maps.Keys(labels)))
		}
	}
	for _, of := range labels {
		if of[image.KeyLabel] != r.Key {
			return diag.Fail(diag.BuildFailed, fmt.Errorf("image %s has the key %q in the registry, not %s", r.Destination, of[image.KeyLabel], r.Key), pushedByOthers)
		}
	}
	return nil
}

const pushedByOthers = "somebody else may push to this repository; run the command again"

// verifyPrograms looks into an image: what it says of its platform can be what
// was asked for while its programs are another's.
func verifyPrograms(ctx context.Context, o Options, r Request, digest string) error {
	reference := r.Destination[:strings.LastIndexByte(r.Destination, ':')] + "@" + digest
	is, err := o.Registry.Architecture(ctx, reference)
	if err != nil {
		return fmt.Errorf("check the programs of image %s: %w", r.Destination, err)
	}
	for _, wanted := range r.Platforms {
		if system, architecture := split(wanted); is != "" && system == "linux" && !runs(architecture, is) {
			return wrongPlatform(r, wanted, []string{system + "/" + is})
		}
	}
	return nil
}

func split(platform string) (system, architecture string) {
	system, rest, _ := strings.Cut(platform, "/")
	architecture, _, _ = strings.Cut(rest, "/")
	return system, architecture
}

// runs reports whether machines of an architecture run programs for another;
// some have two names, and some run those of their smaller brother.
func runs(architecture, programs string) bool {
	return strings.HasPrefix(architecture, programs) || architecture == "amd64" && programs == "386" || architecture == "arm64" && programs == "arm"
}

// verifyLocal checks the platform alone: the builder's own store is nobody
// else's.
func verifyLocal(ctx context.Context, o Options, r Request) error {
	if len(r.Platforms) != 1 {
		return nil
	}
	im, err := o.Builder.Find(ctx, r.Destination)
	if err != nil {
		return fmt.Errorf("check the built image %s: %w", r.Destination, err)
	}
	if !isFor(im, r.Platforms) {
		return wrongPlatform(r, r.Platforms[0], []string{im.Platform})
	}
	return nil
}

func wrongPlatform(r Request, wanted string, is []string) error {
	return diag.Fail(diag.WrongPlatform, fmt.Errorf("image %s was to be for %s and is for %s", r.Destination, wanted, strings.Join(is, ", ")),
		"an image that it starts from exists for another platform only: use one that exists for "+wanted+", or leave the platform out")
}
