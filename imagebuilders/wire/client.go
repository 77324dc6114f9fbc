package wire

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"google.golang.org/grpc"

	"github.com/stackrun/stack/core/build"
	pb "github.com/stackrun/stack/imagebuilders/proto/v1"
	"github.com/stackrun/stack/sdk/wire"
)

// Client is a builder at the other end of a connection.
type Client struct {
	stub pb.BuilderClient
}

var _ build.Builder = (*Client)(nil)

// NewClient makes a client of a connection that was made with the DialOptions
// of sdk/wire.
func NewClient(conn grpc.ClientConnInterface) *Client {
	return &Client{stub: pb.NewBuilderClient(conn)}
}

func (c *Client) Describe(ctx context.Context) (build.Description, error) {
	r, err := c.stub.Describe(ctx, &pb.DescribeRequest{})
	if err != nil {
		return build.Description{}, decodeError(ctx, "Describe", err)
	}
	return build.Description{
		Schema:        wire.DecodeBlock(r.GetSchema()),
		Name:          r.GetName(),
		NeedsRegistry: r.GetNeedsRegistry(),
		SecretMounts:  r.GetSecretMounts(),
		CacheMounts:   r.GetCacheMounts(),
		BuildOptions:  r.GetBuildOptions(),
		Platform:      r.GetPlatform(),
	}, nil
}

func (c *Client) Configure(ctx context.Context, config json.RawMessage) error {
	if _, err := c.stub.Configure(ctx, &pb.ConfigureRequest{ConfigJson: config}); err != nil {
		return decodeError(ctx, "Configure", err)
	}
	return nil
}

func (c *Client) Ready(ctx context.Context) (string, error) {
	r, err := c.stub.Ready(ctx, &pb.ReadyRequest{})
	if err != nil {
		return "", decodeError(ctx, "Ready", err)
	}
	return r.GetIdentity(), nil
}

func (c *Client) Find(ctx context.Context, reference string) (build.Local, error) {
	r, err := c.stub.Find(ctx, &pb.FindRequest{Reference: reference})
	if err != nil {
		return build.Local{}, decodeError(ctx, "Find", err)
	}
	return build.Local{ID: r.GetId(), Labels: r.GetLabels(), Platform: r.GetPlatform()}, nil
}

func (c *Client) Build(ctx context.Context, r build.Request, progress func(build.Progress)) (build.Result, error) {
	request, err := toRequest(r)
	if err != nil {
		return build.Result{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.stub.Build(ctx, request)
	if err != nil {
		return build.Result{}, decodeError(ctx, "Build", err)
	}
	var result *build.Result
	for {
		response, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF) && result != nil:
			return *result, nil
		case errors.Is(err, io.EOF):
			return build.Result{}, errors.New("the builder ended the build without a result")
		case err != nil:
			return build.Result{}, decodeError(ctx, "Build", err)
		}
		switch kind := response.GetKind().(type) {
		case *pb.BuildResponse_Progress:
			if progress != nil {
				progress(fromProgress(kind.Progress))
			}
		case *pb.BuildResponse_Result:
			r := fromResult(kind.Result)
			result = &r
		}
	}
}
