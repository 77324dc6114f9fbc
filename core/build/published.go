package build

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/stackrun/stack/core/image"
)

// Published says whether the registry has the image of a key, for every one of
// the platforms, and gives its digest. A tag that somebody moved is not the
// image of its key, and neither is an index that lacks a platform.
func Published(ctx context.Context, registry Registry, reference, key string, platforms []string) (digest string, found bool, err error) {
	digest, labels, err := registry.Images(ctx, reference)
	if err != nil || digest == "" {
		return "", false, err
	}
	for _, wanted := range platforms {
		of, ok := imageFor(labels, wanted)
		if !ok || of[image.KeyLabel] != key {
			return digest, false, nil
		}
	}
	for _, of := range labels {
		if of[image.KeyLabel] != key {
			return digest, false, nil
		}
	}
	return digest, len(labels) > 0, nil
}

// imageFor is the labels of the image that runs on a platform.
func imageFor(labels map[string]map[string]string, wanted string) (map[string]string, bool) {
	for _, platform := range slices.Sorted(maps.Keys(labels)) {
		if SamePlatform(platform, wanted) {
			return labels[platform], true
		}
	}
	return nil, false
}

// SamePlatform compares such as linux/arm64 and linux/arm64/v8: a variant counts
// where both have one.
func SamePlatform(a, b string) bool {
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	for i := range min(len(as), len(bs)) {
		if as[i] != bs[i] {
			return false
		}
	}
	return len(as) > 1 && len(bs) > 1
}
