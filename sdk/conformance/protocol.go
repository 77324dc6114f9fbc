package conformance

import (
	"context"
	"net"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/stackrun/stack/sdk"
	pb "github.com/stackrun/stack/sdk/proto/orchestrator/v1"
	"github.com/stackrun/stack/sdk/wire"
)

// testProtocol tests that the plugin bears with a newer host: fields and calls
// that it does not know are sent on purpose, so that ignoring them stays
// possible.
func testProtocol(t *testing.T, f Factory) {
	s := open(t, f)
	conn := connection(t, s.o)
	workflow := &pb.Workflow{Flow: "conformance", Steps: []*pb.Step{{
		Name: "train", Group: "train", When: "success", Nodes: 1,
		Command: [][]byte{[]byte("/bin/sh"), []byte("-c"), []byte("true")},
	}}}
	if f.Image != nil {
		workflow.Steps[0].Image = &pb.Image{Reference: f.Image.Reference, Digest: f.Image.Digest, Platform: f.Image.Platform}
	}
	addUnknown(workflow)
	addUnknown(workflow.Steps[0])
	for _, tc := range []struct {
		call              string
		request, response proto.Message
	}{
		{"Handshake", &pb.HandshakeRequest{HostVersion: "99.0"}, &pb.HandshakeResponse{}},
		{"Schema", &pb.SchemaRequest{}, &pb.SchemaResponse{}},
		{"Validate", &pb.ValidateRequest{StackJson: f.Stack}, &pb.ValidateResponse{}},
		{"Plan", &pb.PlanRequest{Workflow: workflow}, &pb.PlanResponse{}},
		{"List", &pb.ListRequest{}, &pb.ListResponse{}},
	} {
		t.Run("unknown fields in "+tc.call, func(t *testing.T) {
			addUnknown(tc.request)
			if err := invoke(s.ctx, conn, tc.call, tc.request, tc.response); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("an unknown call", func(t *testing.T) {
		err := invoke(s.ctx, conn, "FromTheFuture", &pb.SchemaRequest{}, &pb.SchemaResponse{})
		if status.Code(err) != codes.Unimplemented {
			t.Errorf("it gives %v, not Unimplemented", err)
		}
		if err := invoke(s.ctx, conn, "Schema", &pb.SchemaRequest{}, &pb.SchemaResponse{}); err != nil {
			t.Errorf("the call after it: %v", err)
		}
	})
	t.Run("a large workflow", func(t *testing.T) {
		w := s.workflow(s.script("train", "true"))
		w.RunID = ""
		for range 1200 { // 6 MB, more than gRPC takes unless told to
			w.Steps[0].Environment = append(w.Steps[0].Environment, sdk.EnvVar{Name: "LONG", Value: strings.Repeat("x", 5000)})
		}
		if _, _, err := s.o.Plan(s.ctx, w, false); err != nil {
			t.Errorf("Plan: %v", err)
		}
	})
}

func invoke(ctx context.Context, conn grpc.ClientConnInterface, call string, request, response any) error {
	return conn.Invoke(ctx, "/"+pb.Orchestrator_ServiceDesc.ServiceName+"/"+call, request, response)
}

// addUnknown adds a field that no version of the protocol has.
func addUnknown(m proto.Message) {
	raw := protowire.AppendTag(nil, 14_999, protowire.BytesType)
	m.ProtoReflect().SetUnknown(protowire.AppendBytes(raw, []byte("grease")))
}

// connection is the connection behind o, or one to it over memory.
func connection(t *testing.T, o sdk.Orchestrator) grpc.ClientConnInterface {
	t.Helper()
	if remote, ok := o.(interface {
		Conn() grpc.ClientConnInterface
	}); ok {
		return remote.Conn()
	}
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer(wire.ServerOptions()...)
	wire.Register(server, o, nil)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	conn, err := grpc.NewClient("passthrough:memory", append(wire.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // nothing is under way any more
	return conn
}
