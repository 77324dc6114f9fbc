package wire

import (
	"context"
	"sync"

	"google.golang.org/grpc"

	"github.com/stackrun/stack/sdk"
	pb "github.com/stackrun/stack/sdk/proto/orchestrator/v1"
)

// Register makes server answer calls with o. trouble, which may be nil, is told
// the trace of every call that panics.
func Register(server grpc.ServiceRegistrar, o sdk.Orchestrator, trouble func(*PanicError)) {
	pb.RegisterOrchestratorServer(server, &orchestratorServer{o: o, trouble: trouble})
}

// orchestratorServer answers with Unimplemented what a newer host calls and it
// does not know.
type orchestratorServer struct {
	pb.UnimplementedOrchestratorServer
	o       sdk.Orchestrator
	trouble func(*PanicError)
}

// answer runs one call: errors become statuses, and so do panics.
func answer[T any](s *orchestratorServer, call string, work func() (T, error)) (T, error) {
	response, err := Guard(call, s.trouble, work)
	return response, encodeError(err)
}

func (s *orchestratorServer) Handshake(ctx context.Context, r *pb.HandshakeRequest) (*pb.HandshakeResponse, error) {
	return answer(s, "Handshake", func() (*pb.HandshakeResponse, error) {
		info, err := s.o.Handshake(ctx, sdk.Host{Version: r.GetHostVersion()})
		return toInfo(info), err
	})
}

func (s *orchestratorServer) Schema(ctx context.Context, _ *pb.SchemaRequest) (*pb.SchemaResponse, error) {
	return answer(s, "Schema", func() (*pb.SchemaResponse, error) {
		schema, err := s.o.Schema(ctx)
		return toSchema(schema), err
	})
}

func (s *orchestratorServer) Validate(ctx context.Context, r *pb.ValidateRequest) (*pb.ValidateResponse, error) {
	return answer(s, "Validate", func() (*pb.ValidateResponse, error) {
		diags, err := s.o.Validate(ctx, some(r.GetStackJson()), fromConfigs(r.GetStepsJson()))
		return &pb.ValidateResponse{Diagnostics: each(diags, toDiagnostic)}, err
	})
}

func (s *orchestratorServer) Configure(ctx context.Context, r *pb.ConfigureRequest) (*pb.ConfigureResponse, error) {
	return answer(s, "Configure", func() (*pb.ConfigureResponse, error) {
		identity, diags, err := s.o.Configure(ctx, fromConfiguration(r))
		return &pb.ConfigureResponse{Identity: toIdentity(identity), Diagnostics: each(diags, toDiagnostic)}, err
	})
}

func (s *orchestratorServer) Plan(ctx context.Context, r *pb.PlanRequest) (*pb.PlanResponse, error) {
	return answer(s, "Plan", func() (*pb.PlanResponse, error) {
		plan, diags, err := s.o.Plan(ctx, fromWorkflow(r.GetWorkflow()), r.GetOnline())
		return toPlan(plan, diags), err
	})
}

func (s *orchestratorServer) Submit(ctx context.Context, r *pb.SubmitRequest) (*pb.SubmitResponse, error) {
	return answer(s, "Submit", func() (*pb.SubmitResponse, error) {
		submission, err := s.o.Submit(ctx, fromWorkflow(r.GetWorkflow()), some(r.GetPrivate()))
		return toSubmission(submission), err
	})
}

func (s *orchestratorServer) Watch(r *pb.WatchRequest, stream grpc.ServerStreamingServer[pb.WatchResponse]) error {
	var mu sync.Mutex
	_, err := answer(s, "Watch", func() (struct{}, error) {
		return struct{}{}, s.o.Watch(stream.Context(), fromWatchRequest(r), func(e sdk.Event) error {
			mu.Lock() // a stream takes one message at a time
			defer mu.Unlock()
			return stream.Send(&pb.WatchResponse{Event: toEvent(e)})
		})
	})
	return err
}

func (s *orchestratorServer) Logs(r *pb.LogsRequest, stream grpc.ServerStreamingServer[pb.LogsResponse]) error {
	var mu sync.Mutex
	_, err := answer(s, "Logs", func() (struct{}, error) {
		return struct{}{}, s.o.Logs(stream.Context(), fromLogsRequest(r), func(c sdk.LogChunk) error {
			mu.Lock()
			defer mu.Unlock()
			return stream.Send(toLogChunk(c))
		})
	})
	return err
}

func (s *orchestratorServer) Cancel(ctx context.Context, r *pb.CancelRequest) (*pb.CancelResponse, error) {
	return answer(s, "Cancel", func() (*pb.CancelResponse, error) {
		done, err := s.o.Cancel(ctx, fromCancelRequest(r))
		return &pb.CancelResponse{AlreadyDone: done}, err
	})
}

func (s *orchestratorServer) List(ctx context.Context, r *pb.ListRequest) (*pb.ListResponse, error) {
	return answer(s, "List", func() (*pb.ListResponse, error) {
		runs, next, err := s.o.List(ctx, fromListRequest(r))
		return &pb.ListResponse{Runs: each(runs, toRunSummary), NextPage: next}, err
	})
}
