package pluginhost

import (
	"context"

	"google.golang.org/grpc"

	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/wire"
)

// orchestrator is a plugin's interface with errors that name the plugin.
type orchestrator struct {
	process *Process
	client  *wire.Client
}

// Conn is the connection, for tests of the protocol itself.
func (o orchestrator) Conn() grpc.ClientConnInterface { return o.client.Conn() }

func (o orchestrator) Handshake(ctx context.Context, host sdk.Host) (sdk.Info, error) {
	info, err := o.client.Handshake(ctx, host)
	return info, o.process.attribute(ctx, err)
}

func (o orchestrator) Schema(ctx context.Context) (sdk.Schema, error) {
	schema, err := o.client.Schema(ctx)
	return schema, o.process.attribute(ctx, err)
}

func (o orchestrator) Validate(ctx context.Context, stack sdk.Config, steps map[string]sdk.Config) ([]sdk.Diagnostic, error) {
	diags, err := o.client.Validate(ctx, stack, steps)
	return diags, o.process.attribute(ctx, err)
}

func (o orchestrator) Configure(ctx context.Context, c sdk.Configuration) (sdk.Identity, []sdk.Diagnostic, error) {
	identity, diags, err := o.client.Configure(ctx, c)
	return identity, diags, o.process.attribute(ctx, err)
}

func (o orchestrator) Plan(ctx context.Context, w sdk.Workflow, online bool) (sdk.Plan, []sdk.Diagnostic, error) {
	plan, diags, err := o.client.Plan(ctx, w, online)
	return plan, diags, o.process.attribute(ctx, err)
}

func (o orchestrator) Submit(ctx context.Context, w sdk.Workflow, private []byte) (sdk.Submission, error) {
	submission, err := o.client.Submit(ctx, w, private)
	return submission, o.process.attribute(ctx, err)
}

func (o orchestrator) Watch(ctx context.Context, req sdk.WatchRequest, yield func(sdk.Event) error) error {
	return attributeStream(ctx, o.process, yield, func(yield func(sdk.Event) error) error {
		return o.client.Watch(ctx, req, yield)
	})
}

func (o orchestrator) Logs(ctx context.Context, req sdk.LogsRequest, yield func(sdk.LogChunk) error) error {
	return attributeStream(ctx, o.process, yield, func(yield func(sdk.LogChunk) error) error {
		return o.client.Logs(ctx, req, yield)
	})
}

func (o orchestrator) Cancel(ctx context.Context, req sdk.CancelRequest) (bool, error) {
	done, err := o.client.Cancel(ctx, req)
	return done, o.process.attribute(ctx, err)
}

func (o orchestrator) List(ctx context.Context, req sdk.ListRequest) ([]sdk.RunSummary, string, error) {
	runs, next, err := o.client.List(ctx, req)
	return runs, next, o.process.attribute(ctx, err)
}

// attributeStream is attribute for a call that calls back: an error of the
// caller's own function comes back as it was.
func attributeStream[T any](ctx context.Context, p *Process, yield func(T) error, call func(func(T) error) error) error {
	var own error
	err := call(func(value T) error {
		own = yield(value)
		return own
	})
	if own != nil {
		return own
	}
	return p.attribute(ctx, err)
}
