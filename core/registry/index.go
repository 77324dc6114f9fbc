package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sort"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/stackrun/stack/core/diag"
)

// Index makes one image of several that are in reference's repository already,
// one for each platform, and gives its digest: an OCI index, written under
// reference and then under the further references, which have to be of the same
// repository. Equal images give an equal digest, in whatever order they come.
func (c *Client) Index(ctx context.Context, reference string, digests []string, further ...string) (string, error) {
	to, err := c.parse(reference)
	if err != nil {
		return "", err
	}
	tags, err := c.sameRepository(to, further)
	if err != nil {
		return "", err
	}
	if err := c.start(); err != nil {
		return "", err
	}
	var parts []v1.Descriptor
	for _, digest := range digests {
		found, err := c.partsOf(ctx, to, digest)
		if err != nil {
			return "", err
		}
		parts = append(parts, found...)
	}
	sort.SliceStable(parts, func(i, j int) bool {
		if a, b := parts[i].Platform.String(), parts[j].Platform.String(); a != b {
			return a < b
		}
		return parts[i].Digest.String() < parts[j].Digest.String()
	})
	index, err := newIndex(parts)
	if err != nil {
		return "", fmt.Errorf("make the index %s: %w", reference, err)
	}
	for _, tag := range append([]name.Reference{to}, tags...) {
		if err := c.pusher.Put(ctx, tag, index); err != nil {
			return "", c.failure(ctx, "push index "+tag.Name(), tag, err)
		}
	}
	return index.digest, nil
}

// partsOf is what an index lists for the manifest of that digest: its image and
// platform, or all that it lists where it is an index itself.
func (c *Client) partsOf(ctx context.Context, in name.Reference, digest string) ([]v1.Descriptor, error) {
	action := fmt.Sprintf("read image %s@%s", in.Context().Name(), digest)
	d, err := c.puller.Get(ctx, in.Context().Digest(digest))
	if err != nil {
		return nil, c.failure(ctx, action, in, err)
	}
	var parts []v1.Descriptor
	err = eachConfig(d, func(m v1.Descriptor, config *v1.ConfigFile) bool {
		parts = append(parts, v1.Descriptor{MediaType: m.MediaType, Digest: m.Digest, Size: m.Size, Platform: platformOf(config)})
		return true
	})
	if err != nil {
		return nil, c.failure(ctx, action, in, err)
	}
	if !d.MediaType.IsIndex() {
		return parts, nil
	}
	index, err := d.ImageIndex()
	if err != nil {
		return nil, c.failure(ctx, action, in, err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, c.failure(ctx, action, in, err)
	}
	for _, m := range manifest.Manifests {
		if !isRunnable(m) && m.Platform != nil {
			parts = append(parts, m)
		}
	}
	return parts, nil
}

// sameRepository parses tags that have to be beside ref: what they name must be
// there already.
func (c *Client) sameRepository(ref name.Reference, references []string) ([]name.Reference, error) {
	var tags []name.Reference
	for _, text := range references {
		to, err := c.parse(text)
		if err != nil {
			return nil, err
		}
		if to.Context().Name() != ref.Context().Name() {
			return nil, diag.List{diag.New(diag.BadValue, "%s cannot be a further tag of an image in %s", text, ref.Context().Name())}
		}
		tags = append(tags, to)
	}
	return tags, nil
}

// rawIndex is an index as it is sent. Its images are not sent with it.
type rawIndex struct {
	raw    []byte
	digest string
}

func newIndex(parts []v1.Descriptor) (rawIndex, error) {
	raw, err := json.Marshal(v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: parts})
	if err != nil {
		return rawIndex{}, err
	}
	return rawIndex{raw: raw, digest: sha256Of(raw)}, nil
}

// RawManifest and MediaType are what a pusher asks of what it sends.
func (i rawIndex) RawManifest() ([]byte, error) { return i.raw, nil }

// MediaType is that of an index.
func (i rawIndex) MediaType() (types.MediaType, error) { return types.OCIImageIndex, nil }

func sha256Of(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}
