package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/containerd/errdefs"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/moby/moby/api/pkg/authconfig"
	"github.com/moby/moby/api/types/registry"
	"github.com/moby/moby/client"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/driver"
)

// images makes sure that the engine has images, each pulled once at a time.
type images struct {
	mu   sync.Mutex
	busy map[string]chan struct{} // closed when the one who pulls is done
}

// ensure pulls an image that the engine lacks.
func (i *images) ensure(ctx context.Context, c *client.Client, image sdk.Image) error {
	ref := image.Pinned()
	for {
		_, err := c.ImageInspect(ctx, ref)
		if err == nil {
			return nil
		}
		if !errdefs.IsNotFound(err) {
			return fmt.Errorf("look for image %s: %w", ref, err)
		}
		mine, done := i.claim(ref)
		if mine {
			err := pull(ctx, c, ref, image.Platform)
			i.release(ref)
			return err
		}
		select {
		case <-done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (i *images) claim(ref string) (mine bool, done <-chan struct{}) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if other := i.busy[ref]; other != nil {
		return false, other
	}
	if i.busy == nil {
		i.busy = map[string]chan struct{}{}
	}
	i.busy[ref] = make(chan struct{})
	return true, nil
}

func (i *images) release(ref string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	close(i.busy[ref])
	delete(i.busy, ref)
}

func pull(ctx context.Context, c *client.Client, ref, wanted string) error {
	fail := func(err error, permanent bool) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &driver.Failure{Reason: sdk.ReasonImagePull, Permanent: permanent, Err: fmt.Errorf("pull image %s: %w", ref, err)}
	}
	if strings.HasPrefix(ref, "sha256:") {
		return fail(errors.New("it was built on an engine, and this one does not have it"), true)
	}
	auth, err := credentials(ref)
	if err != nil {
		return fail(err, true)
	}
	options := client.ImagePullOptions{RegistryAuth: auth}
	if p := platform(wanted); p != nil {
		options.Platforms = []ocispec.Platform{*p}
	}
	response, err := c.ImagePull(ctx, ref, options)
	if err != nil {
		return fail(err, errdefs.IsNotFound(err) || errdefs.IsInvalidArgument(err))
	}
	defer response.Close()
	if err := response.Wait(ctx); err != nil {
		return fail(err, errdefs.IsNotFound(err))
	}
	return nil
}

// credentials are the user's for the image's registry, as docker login keeps
// them; none is fine.
func credentials(ref string) (string, error) {
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return "", err
	}
	found, err := authn.DefaultKeychain.Resolve(parsed.Context().Registry)
	if err != nil {
		return "", fmt.Errorf("look up credentials: %w", err)
	}
	if found == authn.Anonymous {
		return "", nil
	}
	config, err := found.Authorization()
	if err != nil {
		return "", fmt.Errorf("look up credentials: %w", err)
	}
	return authconfig.Encode(registry.AuthConfig{
		Username: config.Username, Password: config.Password, Auth: config.Auth,
		IdentityToken: config.IdentityToken, RegistryToken: config.RegistryToken,
		ServerAddress: parsed.Context().RegistryStr(),
	})
}
