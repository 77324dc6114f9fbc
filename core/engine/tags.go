package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stackrun/stack/core/plan"
)

// lackingTags is, for each image that exists, the tags of the user's own that
// do not name it yet. Nobody is asked where no image has such tags.
func (im *images) lackingTags(ctx context.Context, all []plan.Image) ([][]string, error) {
	lacking := make([][]string, len(all))
	for i, p := range all {
		if p.Action != plan.Reuse {
			continue
		}
		for _, tag := range p.ExtraTags {
			names, err := im.names(ctx, tag, p)
			if err != nil {
				return nil, fmt.Errorf("look for image %s: %w", tag, err)
			}
			if !names {
				lacking[i] = append(lacking[i], tag)
			}
		}
	}
	return lacking, nil
}

// names reports whether a tag names the image p, which exists.
func (im *images) names(ctx context.Context, tag string, p plan.Image) (bool, error) {
	if p.Local {
		local, err := im.builder.builder.Find(ctx, tag)
		return local.ID != "" && local.ID == p.LocalID, err
	}
	digest, _, err := im.registry.Find(ctx, tag)
	return p.Digest != nil && digest == *p.Digest, err
}

// rebuilt is the images with those to be built, too, that a builder has and
// that lack tags: it tags what it builds, and takes it from its cache.
func rebuilt(all []plan.Image, lacking [][]string) []plan.Image {
	out := slices.Clone(all)
	for i := range out {
		if im := &out[i]; im.Local && len(lacking[i]) > 0 {
			im.Action, im.Reasons = plan.Build, []string{"to add the tag " + strings.Join(lacking[i], ", ")}
		}
	}
	return out
}

// tag gives an image of the registry the tags that it lacks.
func (im *images) tag(ctx context.Context, p plan.Image, lacking []string) (plan.Image, error) {
	if len(lacking) == 0 {
		return p, nil
	}
	if err := im.registry.Tag(ctx, p.Reference, *p.Digest, lacking...); err != nil {
		return p, err
	}
	p.Reasons = append(slices.Clone(p.Reasons), "the tag "+strings.Join(lacking, ", ")+" is added")
	return p, nil
}
