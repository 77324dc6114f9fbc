package wire

import (
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/stackrun/stack/core/build"
	pb "github.com/stackrun/stack/imagebuilders/proto/v1"
)

// text is s as protobuf can carry it, for what only people read.
func text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func toProgress(p build.Progress) *pb.BuildResponse {
	out := &pb.Progress{
		Key:     p.Key,
		Vertex:  text(p.Vertex),
		State:   p.State,
		Message: []byte(p.Message),
		Current: p.Current,
		Total:   p.Total,
	}
	if !p.Time.IsZero() {
		out.Time = timestamppb.New(p.Time)
	}
	return &pb.BuildResponse{Kind: &pb.BuildResponse_Progress{Progress: out}}
}

func fromProgress(p *pb.Progress) build.Progress {
	out := build.Progress{
		Key:     p.GetKey(),
		Vertex:  p.GetVertex(),
		State:   p.GetState(),
		Message: string(p.GetMessage()),
		Current: p.GetCurrent(),
		Total:   p.GetTotal(),
		Time:    time.Time{},
	}
	if p.GetTime() != nil {
		out.Time = p.GetTime().AsTime()
	}
	return out
}

func toResult(r build.Result) *pb.BuildResponse {
	out := &pb.Result{Digest: r.Digest, LocalId: r.LocalID}
	for _, warning := range r.Warnings {
		out.Warnings = append(out.Warnings, text(warning))
	}
	return &pb.BuildResponse{Kind: &pb.BuildResponse_Result{Result: out}}
}

func fromResult(r *pb.Result) build.Result {
	return build.Result{Digest: r.GetDigest(), LocalID: r.GetLocalId(), Warnings: r.GetWarnings()}
}
