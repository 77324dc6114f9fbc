package wire

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"

	"github.com/stackrun/stack/sdk"
	pb "github.com/stackrun/stack/sdk/proto/orchestrator/v1"
)

// Client is an orchestrator at the other end of a connection.
type Client struct {
	conn grpc.ClientConnInterface
	stub pb.OrchestratorClient
}

var _ sdk.Orchestrator = (*Client)(nil)

// NewClient makes a client of a connection that was made with DialOptions.
func NewClient(conn grpc.ClientConnInterface) *Client {
	return &Client{conn: conn, stub: pb.NewOrchestratorClient(conn)}
}

// Conn is the client's connection, for tests of the protocol itself.
func (c *Client) Conn() grpc.ClientConnInterface { return c.conn }

func (c *Client) Handshake(ctx context.Context, host sdk.Host) (sdk.Info, error) {
	r, err := c.stub.Handshake(ctx, &pb.HandshakeRequest{HostVersion: host.Version})
	if err != nil {
		return sdk.Info{}, decodeError(ctx, "Handshake", err)
	}
	return fromInfo(r), nil
}

func (c *Client) Schema(ctx context.Context) (sdk.Schema, error) {
	r, err := c.stub.Schema(ctx, &pb.SchemaRequest{})
	if err != nil {
		return sdk.Schema{}, decodeError(ctx, "Schema", err)
	}
	return fromSchema(r), nil
}

func (c *Client) Validate(ctx context.Context, stack sdk.Config, steps map[string]sdk.Config) ([]sdk.Diagnostic, error) {
	r, err := c.stub.Validate(ctx, &pb.ValidateRequest{StackJson: stack, StepsJson: toConfigs(steps)})
	if err != nil {
		return nil, decodeError(ctx, "Validate", err)
	}
	return each(r.GetDiagnostics(), fromDiagnostic), nil
}

func (c *Client) Configure(ctx context.Context, configuration sdk.Configuration) (sdk.Identity, []sdk.Diagnostic, error) {
	r, err := c.stub.Configure(ctx, toConfiguration(configuration))
	if err != nil {
		return sdk.Identity{}, nil, decodeError(ctx, "Configure", err)
	}
	return fromIdentity(r.GetIdentity()), each(r.GetDiagnostics(), fromDiagnostic), nil
}

func (c *Client) Plan(ctx context.Context, w sdk.Workflow, online bool) (sdk.Plan, []sdk.Diagnostic, error) {
	r, err := c.stub.Plan(ctx, &pb.PlanRequest{Workflow: toWorkflow(w), Online: online})
	if err != nil {
		return sdk.Plan{}, nil, decodeError(ctx, "Plan", err)
	}
	plan, diags := fromPlan(r)
	return plan, diags, nil
}

func (c *Client) Submit(ctx context.Context, w sdk.Workflow, private []byte) (sdk.Submission, error) {
	r, err := c.stub.Submit(ctx, &pb.SubmitRequest{Workflow: toWorkflow(w), Private: private})
	if err != nil {
		return sdk.Submission{}, decodeError(ctx, "Submit", err)
	}
	return fromSubmission(r), nil
}

func (c *Client) Watch(ctx context.Context, req sdk.WatchRequest, yield func(sdk.Event) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // lets the stream go when yield has had enough
	stream, err := c.stub.Watch(ctx, toWatchRequest(req))
	if err != nil {
		return decodeError(ctx, "Watch", err)
	}
	return receive(ctx, "Watch", stream, func(r *pb.WatchResponse) error {
		if r.GetEvent() == nil { // something that a newer plugin says
			return nil
		}
		return yield(fromEvent(r.GetEvent()))
	})
}

func (c *Client) Logs(ctx context.Context, req sdk.LogsRequest, yield func(sdk.LogChunk) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.stub.Logs(ctx, toLogsRequest(req))
	if err != nil {
		return decodeError(ctx, "Logs", err)
	}
	return receive(ctx, "Logs", stream, func(r *pb.LogsResponse) error { return yield(fromLogChunk(r)) })
}

func receive[T any](ctx context.Context, call string, stream grpc.ServerStreamingClient[T], yield func(*T) error) error {
	for {
		message, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return decodeError(ctx, call, err)
		}
		if err := yield(message); err != nil {
			return err
		}
	}
}

func (c *Client) Cancel(ctx context.Context, req sdk.CancelRequest) (bool, error) {
	r, err := c.stub.Cancel(ctx, toCancelRequest(req))
	if err != nil {
		return false, decodeError(ctx, "Cancel", err)
	}
	return r.GetAlreadyDone(), nil
}

func (c *Client) List(ctx context.Context, req sdk.ListRequest) ([]sdk.RunSummary, string, error) {
	r, err := c.stub.List(ctx, toListRequest(req))
	if err != nil {
		return nil, "", decodeError(ctx, "List", err)
	}
	return each(r.GetRuns(), fromRunSummary), r.GetNextPage(), nil
}
