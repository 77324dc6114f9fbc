package pluginhost

import (
	"context"
	"encoding/json"

	"github.com/stackrun/stack/core/build"
	builderwire "github.com/stackrun/stack/imagebuilders/wire"
)

// builder is a plugin's interface with errors that name the plugin.
type builder struct {
	process *Process
	client  *builderwire.Client
}

func (b builder) Describe(ctx context.Context) (build.Description, error) {
	description, err := b.client.Describe(ctx)
	return description, b.process.attribute(ctx, err)
}

func (b builder) Configure(ctx context.Context, config json.RawMessage) error {
	return b.process.attribute(ctx, b.client.Configure(ctx, config))
}

func (b builder) Ready(ctx context.Context) (string, error) {
	identity, err := b.client.Ready(ctx)
	return identity, b.process.attribute(ctx, err)
}

func (b builder) Find(ctx context.Context, reference string) (build.Local, error) {
	local, err := b.client.Find(ctx, reference)
	return local, b.process.attribute(ctx, err)
}

func (b builder) Build(ctx context.Context, r build.Request, progress func(build.Progress)) (build.Result, error) {
	result, err := b.client.Build(ctx, r, progress)
	return result, b.process.attribute(ctx, err)
}
