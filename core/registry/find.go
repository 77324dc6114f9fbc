package registry

import (
	"context"
	"errors"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/stackrun/stack/core/diag"
)

// Find looks for an image by its reference and gives the digest of its manifest
// or index, and its labels (of an index, its first image's). The three answers
// are a digest; "", which means that the registry said that there is none; and
// an error, which means that nobody knows. A registry that denies access is the
// latter: some say so of what exists, others of what does not.
func (c *Client) Find(ctx context.Context, reference string) (digest string, labels map[string]string, err error) {
	ref, err := c.parse(reference)
	if err != nil {
		return "", nil, err
	}
	if err := c.start(); err != nil {
		return "", nil, err
	}
	action := "look for image " + reference
	d, err := c.puller.Get(ctx, ref)
	if missing(err) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, c.failure(ctx, action, ref, err)
	}
	labels, err = labelsOf(d)
	if missing(err) {
		return "", nil, nil // a manifest whose parts were deleted cannot be run
	}
	if err != nil {
		return "", nil, c.failure(ctx, action, ref, err)
	}
	return d.Digest.String(), labels, nil
}

func labelsOf(d *remote.Descriptor) (map[string]string, error) {
	if !d.MediaType.IsIndex() {
		config, err := configOf(d)
		if err != nil {
			return nil, err
		}
		return config.Config.Labels, nil
	}
	index, err := d.ImageIndex()
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	for _, m := range manifest.Manifests {
		if !m.MediaType.IsImage() || m.Platform != nil && m.Platform.OS == "unknown" {
			continue
		}
		im, err := index.Image(m.Digest)
		if err != nil {
			return nil, err
		}
		config, err := im.ConfigFile()
		if err != nil {
			return nil, err
		}
		return config.Config.Labels, nil
	}
	return nil, errors.New("the index holds no image")
}

// Tag gives the image of that digest, in reference's repository, further tags.
// Tags in another repository or registry are refused: the layers are not there.
func (c *Client) Tag(ctx context.Context, reference, digest string, references ...string) error {
	from, err := c.parse(reference)
	if err != nil {
		return err
	}
	if err := c.start(); err != nil {
		return err
	}
	d, err := c.puller.Get(ctx, from.Context().Digest(digest))
	if err != nil {
		return c.failure(ctx, "read image "+reference, from, err)
	}
	for _, text := range references {
		to, err := c.parse(text)
		if err != nil {
			return err
		}
		if to.Context().Name() != from.Context().Name() {
			return diag.List{diag.New(diag.BadValue, "%s cannot be a further tag of an image in %s", text, from.Context().Name())}
		}
		if err := c.pusher.Put(ctx, to, d); err != nil {
			return c.failure(ctx, "tag image "+text, to, err)
		}
	}
	return nil
}
