package wire

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/stackrun/stack/core/diag"
	pb "github.com/stackrun/stack/imagebuilders/proto/v1"
	"github.com/stackrun/stack/sdk/wire"
)

// encodeError is err as a status for the wire.
func encodeError(err error) error {
	if err == nil {
		return nil
	}
	var broken *wire.PanicError
	var failed *diag.Failure
	failure := &pb.Failure{}
	code := codes.Unknown
	switch {
	case errors.As(err, &broken):
		code, failure.Panic = codes.Internal, text(broken.Trace)
	case errors.As(err, &failed):
		failure.Code, failure.Hint = string(failed.Code), text(failed.Hint)
	case errors.Is(err, context.Canceled):
		return status.Error(codes.Canceled, text(err.Error()))
	case errors.Is(err, context.DeadlineExceeded):
		return status.Error(codes.DeadlineExceeded, text(err.Error()))
	default:
		return status.Error(codes.Unknown, text(err.Error()))
	}
	s, detailErr := status.New(code, text(err.Error())).WithDetails(failure)
	if detailErr != nil { // an OK code or a message that cannot be marshalled: neither can be
		return status.Error(code, text(err.Error()))
	}
	return s.Err()
}

// decodeError is what the caller of a call gets to see for a status.
func decodeError(ctx context.Context, call string, err error) error {
	if err == nil {
		return nil
	}
	s, isStatus := status.FromError(err)
	if !isStatus {
		return err
	}
	for _, detail := range s.Details() {
		failure, ok := detail.(*pb.Failure)
		switch {
		case !ok:
		case failure.GetPanic() != "":
			return &wire.PanicError{Call: call, Trace: failure.GetPanic()}
		default:
			return diag.Fail(diag.Code(failure.GetCode()), errors.New(s.Message()), failure.GetHint())
		}
	}
	if ctx.Err() != nil && (s.Code() == codes.Canceled || s.Code() == codes.DeadlineExceeded) {
		return ctx.Err()
	}
	switch s.Code() {
	case codes.Unavailable:
		return fmt.Errorf("%s: %w: %s", call, wire.ErrLost, s.Message())
	case codes.Unimplemented:
		return fmt.Errorf("the builder has no call %s", call)
	case codes.Unknown:
		return errors.New(s.Message())
	}
	return fmt.Errorf("%s: %s: %s", call, s.Code(), s.Message())
}
