// Package builder builds images with a Docker Engine, through its API and the
// BuildKit inside it. It needs no docker program.
//
// It promises that the engine sees the files of the request and no others, that
// a file which is no longer what the image's key says is refused, that secrets
// go from this process's memory to the commands that mount them and nowhere
// else, and that a cancelled build leaves nothing running and no tag moved.
//
// Engines differ: those with the containerd image store push while they build,
// the older ones push an image of theirs afterwards. Nothing outside this
// package has to know.
package builder

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"sync"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/sdk"
)

// Options is what a Builder needs of the process that it runs in.
type Options struct {
	Environ  []string       // DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG, HOME, ...
	Keychain authn.Keychain // credentials of registries; nil is Docker's configuration
}

// Builder is a build.Builder.
type Builder struct {
	options Options

	mu     sync.Mutex
	config config
	engine *client.Client // made when it is first needed
}

var _ build.Builder = (*Builder)(nil)

// config is the block image_builder "docker" of stacks.hcl.
type config struct {
	Host         string `json:"host"`
	Context      string `json:"context"`
	Reproducible bool   `json:"reproducible"`
}

// New makes a builder. It connects to nothing.
func New(o Options) *Builder {
	if o.Keychain == nil {
		o.Keychain = authn.DefaultKeychain
	}
	return &Builder{options: o}
}

// Describe says what any engine with BuildKit can do.
func (b *Builder) Describe(context.Context) (build.Description, error) {
	return build.Description{
		Name:         "docker",
		SecretMounts: true,
		CacheMounts:  true,
		BuildOptions: buildOptions(),
		Platform:     "linux/" + runtime.GOARCH,
		Schema: sdk.Block{
			Doc: "Builds with a Docker Engine.",
			Attributes: []sdk.Attribute{
				{Name: "host", Type: "string", Doc: "Address of the engine, such as unix:///run/docker.sock or tcp://10.0.0.7:2375; DOCKER_HOST or the docker context by default."},
				{Name: "context", Type: "string", Doc: "Docker context that names the engine."},
				{Name: "reproducible", Type: "bool", Doc: "Set every time in the image to 1 January 1980, so that equal inputs give equal digests. Needs an engine with the containerd image store."},
			},
		},
	}, nil
}

// Configure takes the block of stacks.hcl.
func (b *Builder) Configure(_ context.Context, raw json.RawMessage) error {
	var c config
	if len(raw) > 0 {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(&c); err != nil {
			return diag.Fail(diag.StackComponent, fmt.Errorf("read the block image_builder \"docker\": %w", err), "")
		}
	}
	if c.Host != "" && c.Context != "" {
		return diag.Fail(diag.StackComponent, fmt.Errorf("image_builder \"docker\" has a host and a context"), "keep one of them")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.config = c
	return nil
}

// Ready asks the engine who it is.
func (b *Builder) Ready(ctx context.Context) (string, error) {
	engine, err := b.connect()
	if err != nil {
		return "", err
	}
	v, err := engine.ServerVersion(ctx, client.ServerVersionOptions{})
	if err != nil {
		return "", engineFailure(ctx, "reach the Docker Engine at "+shownHost(engine), engine, err)
	}
	return fmt.Sprintf("Docker Engine %s (API %s) at %s", v.Version, v.APIVersion, shownHost(engine)), nil
}

// Find looks for an image in the engine.
func (b *Builder) Find(ctx context.Context, reference string) (build.Local, error) {
	engine, err := b.connect()
	if err != nil {
		return build.Local{}, err
	}
	im, err := engine.ImageInspect(ctx, reference)
	if errdefs.IsNotFound(err) {
		return build.Local{}, nil
	}
	if err != nil {
		return build.Local{}, engineFailure(ctx, "look for image "+reference, engine, err)
	}
	local := build.Local{ID: im.ID, Platform: platformOf(im.Os, im.Architecture, im.Variant)}
	if im.Config != nil {
		local.Labels = im.Config.Labels
	}
	return local, nil
}

// platformOf is linux/amd64, or linux/arm64/v8; "" when it is not known.
func platformOf(system, architecture, variant string) string {
	if system == "" || architecture == "" {
		return ""
	}
	return strings.TrimSuffix(system+"/"+architecture+"/"+variant, "/")
}

// Close ends the connection to the engine.
func (b *Builder) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.engine == nil {
		return nil
	}
	return b.engine.Close()
}

// connect makes the engine's client, once.
func (b *Builder) connect() (*client.Client, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.engine != nil {
		return b.engine, nil
	}
	where, err := locate(b.config, environment(b.options.Environ))
	if err != nil {
		return nil, err
	}
	options := []client.Opt{client.WithHost(where.host), client.WithUserAgent("stack")}
	if where.ca != "" || where.cert != "" {
		options = append(options, client.WithTLSClientConfig(where.ca, where.cert, where.key))
	}
	engine, err := client.New(options...)
	if err != nil {
		return nil, diag.Fail(diag.BuilderDown, fmt.Errorf("use the Docker Engine at %s: %w", where.host, err), "check DOCKER_HOST, or host in the image_builder block")
	}
	b.engine = engine
	return engine, nil
}

func shownHost(engine *client.Client) string {
	host := engine.DaemonHost()
	if scheme, rest, ok := strings.Cut(host, "://"); ok {
		if at := strings.LastIndexByte(rest, '@'); at >= 0 {
			return scheme + "://" + rest[at+1:]
		}
	}
	return host
}
