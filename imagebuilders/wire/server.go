package wire

import (
	"context"
	"sync"

	"google.golang.org/grpc"

	"github.com/stackrun/stack/core/build"
	pb "github.com/stackrun/stack/imagebuilders/proto/v1"
	"github.com/stackrun/stack/sdk/wire"
)

// Register makes server answer calls with b. trouble, which may be nil, is told
// the trace of every call that panics.
func Register(server grpc.ServiceRegistrar, b build.Builder, trouble func(*wire.PanicError)) {
	pb.RegisterBuilderServer(server, &builderServer{b: b, trouble: trouble})
}

type builderServer struct {
	pb.UnimplementedBuilderServer
	b       build.Builder
	trouble func(*wire.PanicError)
}

func answer[T any](s *builderServer, call string, work func() (T, error)) (T, error) {
	response, err := wire.Guard(call, s.trouble, work)
	return response, encodeError(err)
}

func (s *builderServer) Describe(ctx context.Context, _ *pb.DescribeRequest) (*pb.DescribeResponse, error) {
	return answer(s, "Describe", func() (*pb.DescribeResponse, error) {
		d, err := s.b.Describe(ctx)
		if err != nil {
			return nil, err
		}
		return &pb.DescribeResponse{
			Schema:        wire.EncodeBlock(d.Schema),
			Name:          d.Name,
			NeedsRegistry: d.NeedsRegistry,
			SecretMounts:  d.SecretMounts,
			CacheMounts:   d.CacheMounts,
			BuildOptions:  d.BuildOptions,
			Platform:      d.Platform,
		}, err
	})
}

func (s *builderServer) Configure(ctx context.Context, r *pb.ConfigureRequest) (*pb.ConfigureResponse, error) {
	return answer(s, "Configure", func() (*pb.ConfigureResponse, error) {
		return &pb.ConfigureResponse{}, s.b.Configure(ctx, r.GetConfigJson())
	})
}

func (s *builderServer) Ready(ctx context.Context, _ *pb.ReadyRequest) (*pb.ReadyResponse, error) {
	return answer(s, "Ready", func() (*pb.ReadyResponse, error) {
		identity, err := s.b.Ready(ctx)
		return &pb.ReadyResponse{Identity: text(identity)}, err
	})
}

func (s *builderServer) Find(ctx context.Context, r *pb.FindRequest) (*pb.FindResponse, error) {
	return answer(s, "Find", func() (*pb.FindResponse, error) {
		local, err := s.b.Find(ctx, r.GetReference())
		return &pb.FindResponse{Id: local.ID, Labels: local.Labels, Platform: text(local.Platform)}, err
	})
}

func (s *builderServer) Build(r *pb.BuildRequest, stream grpc.ServerStreamingServer[pb.BuildResponse]) error {
	_, err := answer(s, "Build", func() (struct{}, error) {
		request, err := fromRequest(r)
		if err != nil {
			return struct{}{}, err
		}
		// A builder may report from several goroutines; a stream takes one at
		// a time. A failed send means that the host has let go, which the
		// context tells the builder.
		var mu sync.Mutex
		result, err := s.b.Build(stream.Context(), request, func(p build.Progress) {
			mu.Lock()
			defer mu.Unlock()
			_ = stream.Send(toProgress(p))
		})
		if err != nil {
			return struct{}{}, err
		}
		mu.Lock()
		defer mu.Unlock()
		return struct{}{}, stream.Send(toResult(result))
	})
	return err
}
