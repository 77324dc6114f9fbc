package registry

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/stackrun/stack/core/diag"
)

// Resolve gives the digest of a base image, such as python:3.12-slim: of its
// index where it has one, so that one digest serves every platform. An image
// that does not exist is BaseNotFound; one that does, but not for one of the
// platforms (such as linux/amd64), is BasePlatform: engines take an image of the
// wrong platform without a word.
func (c *Client) Resolve(ctx context.Context, reference string, platforms ...string) (string, error) {
	ref, err := c.parse(reference)
	if err != nil {
		return "", err
	}
	if err := c.start(); err != nil {
		return "", err
	}
	action := "resolve base image " + reference
	d, err := c.puller.Get(ctx, ref)
	if err != nil {
		return "", c.baseFailure(ctx, action, reference, ref, err)
	}
	have, err := platformsOf(d)
	if err != nil {
		return "", c.baseFailure(ctx, action, reference, ref, err)
	}
	for _, p := range platforms {
		want, err := v1.ParsePlatform(p)
		if err != nil {
			return "", diag.List{diag.New(diag.BadValue, "%q is not a platform", p).Because("A platform is such as linux/amd64: %v", err)}
		}
		if !offers(have, *want) {
			return "", diag.Fail(diag.BasePlatform, fmt.Errorf("base image %s does not exist for %s", reference, p),
				"it exists for "+strings.Join(names(have), ", "))
		}
	}
	return d.Digest.String(), nil
}

// baseFailure tells a base image that does not exist from a registry that
// cannot say.
func (c *Client) baseFailure(ctx context.Context, action, reference string, ref name.Reference, err error) error {
	var told *diag.Failure
	switch {
	case errors.As(err, &told):
		return told
	case missing(err):
		return diag.Fail(diag.BaseNotFound, fmt.Errorf("base image %s does not exist", reference), "check the name and the tag")
	case denied(err) && ref.Context().RegistryStr() == name.DefaultRegistry && c.anonymous(ref):
		// Docker Hub says the same of what is private and of what does not exist.
		return diag.Fail(diag.BaseNotFound, fmt.Errorf("base image %s does not exist on Docker Hub, or is private", reference),
			"check the name; if it is private, `docker login`")
	}
	return c.failure(ctx, action, ref, err)
}

// platformsOf is what an image or index can run on.
func platformsOf(d *remote.Descriptor) ([]v1.Platform, error) {
	switch {
	case d.MediaType.IsIndex():
		index, err := d.ImageIndex()
		if err != nil {
			return nil, err
		}
		manifest, err := index.IndexManifest()
		if err != nil {
			return nil, err
		}
		var all []v1.Platform
		for _, m := range manifest.Manifests {
			// Attestations are listed as platform unknown/unknown.
			if m.Platform != nil && m.Platform.OS != "unknown" {
				all = append(all, *m.Platform)
			}
		}
		return all, nil
	case d.MediaType.IsImage():
		config, err := configOf(d)
		if err != nil {
			return nil, err
		}
		return []v1.Platform{{OS: config.OS, Architecture: config.Architecture, Variant: config.Variant}}, nil
	}
	return nil, diag.Fail(diag.BaseNotFound, fmt.Errorf("%s is not an image that can be used: its media type is %s", d.Digest, d.MediaType), "push it again with a present-day client")
}

func configOf(d *remote.Descriptor) (*v1.ConfigFile, error) {
	im, err := d.Image()
	if err != nil {
		return nil, err
	}
	config, err := im.ConfigFile()
	if err == nil && config == nil {
		err = errors.New("the image has no configuration")
	}
	return config, err
}

func offers(have []v1.Platform, want v1.Platform) bool {
	for _, p := range have {
		if p.OS == want.OS && p.Architecture == want.Architecture && (want.Variant == "" || p.Variant == "" || p.Variant == want.Variant) {
			return true
		}
	}
	return false
}

func names(platforms []v1.Platform) []string {
	var out []string
	for _, p := range platforms {
		out = append(out, p.String())
	}
	sort.Strings(out)
	return out
}
