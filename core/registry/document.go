package registry

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// largestDocument bounds what is read of a registry that others write to.
const largestDocument = 32 << 20

// PutDocument keeps data in the registry under a reference, beside the images
// of its repository: an OCI manifest whose configuration and one layer have
// the media type. An image of that reference would be replaced.
func (c *Client) PutDocument(ctx context.Context, reference, mediaType string, data []byte) error {
	ref, err := c.parse(reference)
	if err != nil {
		return err
	}
	if err := c.start(); err != nil {
		return err
	}
	kind := types.MediaType(mediaType)
	manifest := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), kind)
	document, err := mutate.AppendLayers(manifest, static.NewLayer(data, kind))
	if err != nil {
		return fmt.Errorf("make document %s: %w", reference, err)
	}
	if err := c.pusher.Push(ctx, ref, document); err != nil {
		return c.failure(ctx, "write "+reference, ref, err)
	}
	return nil
}

// GetDocument reads what PutDocument wrote. It gives nil with no error where the
// reference does not exist, or is of another media type.
func (c *Client) GetDocument(ctx context.Context, reference, mediaType string) ([]byte, error) {
	ref, err := c.parse(reference)
	if err != nil {
		return nil, err
	}
	if err := c.start(); err != nil {
		return nil, err
	}
	data, err := c.document(ctx, ref, types.MediaType(mediaType))
	switch {
	case missing(err), errors.Is(err, errNoDocument):
		return nil, nil
	case err != nil:
		return nil, c.failure(ctx, "read "+reference, ref, err)
	}
	return data, nil
}

var errNoDocument = errors.New("it is no document of this kind")

func (c *Client) document(ctx context.Context, ref name.Reference, kind types.MediaType) ([]byte, error) {
	d, err := c.puller.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	if !d.MediaType.IsImage() {
		return nil, errNoDocument
	}
	im, err := d.Image()
	if err != nil {
		return nil, err
	}
	layers, err := im.Layers()
	if err != nil {
		return nil, err
	}
	if len(layers) != 1 {
		return nil, errNoDocument
	}
	if found, err := layers[0].MediaType(); err != nil || found != kind {
		return nil, errors.Join(errNoDocument, err)
	}
	content, err := layers[0].Compressed() // as it was written; checked against its digest
	if err != nil {
		return nil, err
	}
	defer content.Close()
	data, err := io.ReadAll(io.LimitReader(content, largestDocument+1))
	if err == nil && len(data) > largestDocument {
		err = fmt.Errorf("it has more than %d bytes", largestDocument)
	}
	return data, err
}
