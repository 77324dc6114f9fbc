package registry

import (
	"context"
	"errors"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Find looks for an image by its reference and gives the digest of its manifest
// or index, and its labels (of an index, its first image's). The three answers
// are a digest; "", which means that the registry said that there is none; and
// an error, which means that nobody knows. A registry that denies access is the
// latter: some say so of what exists, others of what does not.
func (c *Client) Find(ctx context.Context, reference string) (digest string, labels map[string]string, err error) {
	digest, err = c.find(ctx, reference, func(d *remote.Descriptor) error {
		config, err := firstConfig(d)
		if err == nil {
			labels = config.Config.Labels
		}
		return err
	})
	if digest == "" {
		labels = nil
	}
	return digest, labels, err
}

// Images looks for an image as Find does, and gives the labels of each image in
// it by its platform, such as linux/amd64 or linux/arm64/v8: one, or all that an
// index lists. The platform is what the image says of itself, whatever the index
// says.
func (c *Client) Images(ctx context.Context, reference string) (digest string, labels map[string]map[string]string, err error) {
	digest, err = c.find(ctx, reference, func(d *remote.Descriptor) error {
		labels = map[string]map[string]string{}
		return eachConfig(d, func(_ v1.Descriptor, config *v1.ConfigFile) bool {
			platform := platformOf(config).String()
			if _, known := labels[platform]; !known { // engines take the first that fits
				labels[platform] = config.Config.Labels
			}
			return true
		})
	})
	if digest == "" {
		labels = nil
	}
	return digest, labels, err
}

// find asks for a manifest and lets read look at it. "" without an error is for
// what certainly does not exist.
func (c *Client) find(ctx context.Context, reference string, read func(*remote.Descriptor) error) (string, error) {
	ref, err := c.parse(reference)
	if err != nil {
		return "", err
	}
	if err := c.start(); err != nil {
		return "", err
	}
	action := "look for image " + reference
	d, err := c.puller.Get(ctx, ref)
	if missing(err) {
		return "", nil
	}
	if err != nil {
		return "", c.failure(ctx, action, ref, err)
	}
	if err = read(d); missing(err) {
		return "", nil // a manifest whose parts were deleted cannot be run
	}
	if err != nil {
		return "", c.failure(ctx, action, ref, err)
	}
	return d.Digest.String(), nil
}

func firstConfig(d *remote.Descriptor) (first *v1.ConfigFile, err error) {
	err = eachConfig(d, func(_ v1.Descriptor, config *v1.ConfigFile) bool {
		first = config
		return false
	})
	if err == nil && first == nil {
		err = errors.New("the index holds no image")
	}
	return first, err
}

// eachConfig reads the configuration of a manifest's image, or of each image of
// an index, until take has enough.
func eachConfig(d *remote.Descriptor, take func(v1.Descriptor, *v1.ConfigFile) bool) error {
	if !d.MediaType.IsIndex() {
		config, err := configOf(d)
		if err == nil {
			take(d.Descriptor, config)
		}
		return err
	}
	index, err := d.ImageIndex()
	if err != nil {
		return err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	for _, m := range manifest.Manifests {
		if !isRunnable(m) {
			continue
		}
		im, err := index.Image(m.Digest)
		if err != nil {
			return err
		}
		config, err := im.ConfigFile()
		if err != nil {
			return err
		}
		if !take(m, config) {
			return nil
		}
	}
	return nil
}

func platformOf(config *v1.ConfigFile) *v1.Platform {
	if p := config.Platform(); p != nil {
		return p
	}
	return &v1.Platform{} // an image that says nothing of it
}

// isRunnable tells images from attestations, which an index lists as images of
// the platform unknown/unknown.
func isRunnable(m v1.Descriptor) bool {
	return m.MediaType.IsImage() && (m.Platform == nil || m.Platform.OS != "unknown")
}

// Tag gives the image of that digest, in reference's repository, further tags.
// Tags in another repository or registry are refused: the layers are not there.
func (c *Client) Tag(ctx context.Context, reference, digest string, references ...string) error {
	from, err := c.parse(reference)
	if err != nil {
		return err
	}
	tags, err := c.sameRepository(from, references)
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
	for _, to := range tags {
		if err := c.pusher.Put(ctx, to, d); err != nil {
			return c.failure(ctx, "tag image "+to.Name(), to, err)
		}
	}
	return nil
}
