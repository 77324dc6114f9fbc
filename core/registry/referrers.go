package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// EachImage calls visit with the image of a digest in reference's repository, or,
// where it is an index, with each image in it, and the platform of it. What visit
// could not read of the image is an error as any other of this package.
func (c *Client) EachImage(ctx context.Context, reference, digest string, visit func(platform string, im v1.Image) error) error {
	ref, d, err := c.get(ctx, reference, digest)
	if err != nil {
		return err
	}
	if err := eachImage(d, visit); err != nil {
		return c.unread(ctx, "read image "+reference, ref, err)
	}
	return nil
}

func eachImage(d *remote.Descriptor, visit func(platform string, im v1.Image) error) error {
	if !d.MediaType.IsIndex() {
		im, err := d.Image()
		if err != nil {
			return err
		}
		config, err := configOf(d)
		if err != nil {
			return err
		}
		return visit(v1.Platform{OS: config.OS, Architecture: config.Architecture, Variant: config.Variant}.String(), im)
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
		// Attestations are listed as platform unknown/unknown.
		if !m.MediaType.IsImage() || m.Platform == nil || m.Platform.OS == "unknown" {
			continue
		}
		im, err := index.Image(m.Digest)
		if err != nil {
			return err
		}
		if err := visit(m.Platform.String(), im); err != nil {
			return err
		}
	}
	return nil
}

// unread is an error of reading an image: the network's, or one about what was
// read. Only the first kind has addresses in it, and is cured by trying again.
func (c *Client) unread(ctx context.Context, action string, ref name.Reference, err error) error {
	var answer *transport.Error
	var web *url.Error
	if ctx.Err() != nil || errors.As(err, &answer) || errors.As(err, &web) {
		return c.failure(ctx, action, ref, err)
	}
	return fmt.Errorf("%s: %w", action, err)
}

// Referrer gives the digest of the first artifact of a type that refers to the
// image of a digest in reference's repository (OCI distribution-spec 1.1,
// "Listing Referrers", and the tag that stands in for it); "" is none.
func (c *Client) Referrer(ctx context.Context, reference, digest, artifactType string) (string, error) {
	ref, err := c.parse(reference)
	if err != nil {
		return "", err
	}
	if err := c.start(); err != nil {
		return "", err
	}
	index, err := remote.Referrers(ref.Context().Digest(digest), c.options(ctx)...)
	var manifest *v1.IndexManifest
	if err == nil {
		manifest, err = index.IndexManifest()
	}
	if missing(err) {
		return "", nil
	}
	if err != nil {
		return "", c.failure(ctx, "look for what refers to "+reference, ref, err)
	}
	var found []string
	for _, m := range manifest.Manifests {
		kind, err := c.kindOf(ctx, ref.Context(), m)
		if err != nil {
			return "", c.failure(ctx, "look for what refers to "+reference, ref, err)
		}
		if kind == artifactType {
			found = append(found, m.Digest.String())
		}
	}
	if len(found) == 0 {
		return "", nil
	}
	return slices.Min(found), nil
}

// kindOf is the type of an artifact in a list of referrers. Registries from before
// the final OCI 1.1 list the type of its configuration instead; its manifest says.
func (c *Client) kindOf(ctx context.Context, repository name.Repository, m v1.Descriptor) (string, error) {
	if m.ArtifactType != "" && m.ArtifactType != string(emptyConfig) {
		return m.ArtifactType, nil
	}
	d, err := c.puller.Get(ctx, repository.Digest(m.Digest.String()))
	if missing(err) {
		return "", nil // listed, and deleted
	}
	if err != nil {
		return "", err
	}
	var manifest struct {
		ArtifactType string `json:"artifactType"`
	}
	err = json.Unmarshal(d.Manifest, &manifest)
	return manifest.ArtifactType, err
}

// Attach pushes content as an artifact that refers to the image of a digest in
// reference's repository, and gives the artifact's digest. The same content for
// the same image has the same digest. Registries without the API for referrers
// get the tag that stands in for it.
func (c *Client) Attach(ctx context.Context, reference, digest, artifactType string, annotations map[string]string, content []byte) (string, error) {
	ref, subject, err := c.get(ctx, reference, digest)
	if err != nil {
		return "", err
	}
	to := ref.Context()
	action := "attach " + artifactType + " to " + reference
	config := static.NewLayer([]byte("{}"), emptyConfig)
	layer := static.NewLayer(content, types.MediaType(artifactType))
	manifest := v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: artifactType, Annotations: annotations,
		Subject: &v1.Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size}}
	for _, part := range []struct {
		layer v1.Layer
		into  func(v1.Descriptor)
	}{
		{config, func(d v1.Descriptor) { manifest.Config = d }},
		{layer, func(d v1.Descriptor) { manifest.Layers = []v1.Descriptor{d} }},
	} {
		if err := c.pusher.Upload(ctx, to, part.layer); err != nil {
			return "", c.failure(ctx, action, ref, err)
		}
		d, err := described(part.layer)
		if err != nil {
			return "", fmt.Errorf("%s: %w", action, err)
		}
		part.into(d)
	}
	raw, err := json.Marshal(manifest)
	if err != nil {
		return "", fmt.Errorf("%s: %w", action, err)
	}
	own, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		return "", fmt.Errorf("%s: %w", action, err)
	}
	if err := c.pusher.Put(ctx, to.Digest(own.String()), artifact(raw)); err != nil {
		return "", c.failure(ctx, action, ref, err)
	}
	return own.String(), nil
}

// emptyConfig is the media type of the configuration of what needs none
// (OCI image-spec 1.1, "Guidelines for Artifact Usage").
const emptyConfig = types.MediaType("application/vnd.oci.empty.v1+json")

// artifact is the text of a manifest as a Pusher takes it.
type artifact []byte

func (a artifact) RawManifest() ([]byte, error)        { return a, nil }
func (a artifact) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }

func described(l v1.Layer) (v1.Descriptor, error) {
	digest, err := l.Digest()
	if err != nil {
		return v1.Descriptor{}, err
	}
	size, err := l.Size()
	if err != nil {
		return v1.Descriptor{}, err
	}
	mediaType, err := l.MediaType()
	return v1.Descriptor{MediaType: mediaType, Digest: digest, Size: size}, err
}

// get reads the manifest of a digest in reference's repository.
func (c *Client) get(ctx context.Context, reference, digest string) (name.Reference, *remote.Descriptor, error) {
	ref, err := c.parse(reference)
	if err != nil {
		return nil, nil, err
	}
	if err := c.start(); err != nil {
		return nil, nil, err
	}
	d, err := c.puller.Get(ctx, ref.Context().Digest(digest))
	if err != nil {
		return nil, nil, c.failure(ctx, "read image "+reference, ref, err)
	}
	return ref, d, nil
}

// options is how remote's functions reach registries as this client does.
func (c *Client) options(ctx context.Context) []remote.Option {
	return []remote.Option{
		remote.WithContext(ctx),
		remote.WithTransport(c.transport),
		remote.WithAuthFromKeychain(c.keychain),
		remote.WithRetryBackoff(remote.Backoff{Steps: 1}),
		remote.WithRetryPredicate(func(error) bool { return false }),
	}
}
