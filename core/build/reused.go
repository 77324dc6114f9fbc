package build

import (
	"context"
	"fmt"

	"github.com/stackrun/stack/core/image"
)

// reused asks whether the image exists before it lets it be made. An image that
// has the tag and not the label of the key is somebody else's, and is not taken.
func reused(o Options, next maker) maker {
	return func(ctx context.Context, j Job) (Outcome, error) {
		if j.Force {
			return next(ctx, j)
		}
		find := findLocal
		if j.Request.Push {
			find = findPublished
		}
		out, found, err := find(ctx, o, j.Request)
		if err != nil || found {
			return out, err
		}
		return next(ctx, j)
	}
}

func findPublished(ctx context.Context, o Options, r Request) (Outcome, bool, error) {
	digest, found, err := Published(ctx, o.Registry, r.Destination, r.Key, r.Platforms)
	if err != nil || !found {
		return Outcome{}, false, err
	}
	if len(r.ExtraTags) > 0 {
		if err := o.Registry.Tag(ctx, r.Destination, digest, r.ExtraTags...); err != nil {
			return Outcome{}, false, err
		}
	}
	return Outcome{Action: Reused, Reasons: []string{"the registry has this key"}, Digest: digest}, true, nil
}

// findLocal takes an image only with all its tags; building it once more, from
// the builder's cache, adds those that lack.
func findLocal(ctx context.Context, o Options, r Request) (Outcome, bool, error) {
	first, err := o.Builder.Find(ctx, r.Destination)
	if err != nil {
		return Outcome{}, false, fmt.Errorf("look for image %s: %w", r.Destination, err)
	}
	if first.ID == "" || first.Labels[image.KeyLabel] != r.Key || !isFor(first, r.Platforms) {
		return Outcome{}, false, nil
	}
	for _, tag := range r.ExtraTags {
		other, err := o.Builder.Find(ctx, tag)
		if err != nil {
			return Outcome{}, false, fmt.Errorf("look for image %s: %w", tag, err)
		}
		if other.ID != first.ID {
			return Outcome{}, false, nil
		}
	}
	return Outcome{Action: Reused, Reasons: []string{"the builder has this key"}, LocalID: first.ID}, true, nil
}

// isFor reports whether an image of an engine's store is for the platform, as
// far as the engine tells.
func isFor(im Local, platforms []string) bool {
	return len(platforms) != 1 || im.Platform == "" || SamePlatform(im.Platform, platforms[0])
}
