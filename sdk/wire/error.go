package wire

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/stackrun/stack/sdk"
	pb "github.com/stackrun/stack/sdk/proto/orchestrator/v1"
)

// PanicError is a call in which the plugin's own code broke. The plugin lives
// on: the runs that it follows are not lost with the call.
type PanicError struct {
	Call  string // such as Plan
	Trace string // the value, and the stack
}

func (e *PanicError) Error() string { return "panic in " + e.Call }

// ErrLost means that the connection to the plugin broke, most often because
// its process has ended.
var ErrLost = errors.New("connection to the plugin is lost")

// encodeError is err as a status for the wire.
func encodeError(err error) error {
	if err == nil {
		return nil
	}
	var broken *PanicError
	var failed *sdk.Error
	code := codes.Unknown
	failure := &pb.Failure{}
	switch {
	case errors.As(err, &broken):
		code, failure.Origin, failure.Panic = codes.Internal, string(sdk.OriginPlugin), text(broken.Trace)
	case errors.As(err, &failed):
		failure.Origin, failure.Hint = string(failed.Origin), text(failed.Hint)
		failure.Retryable, failure.RetryAfter = failed.Retryable, toDuration(failed.RetryAfter)
		failure.Denied, failure.NotFound = failed.Denied, failed.NotFound
		switch {
		case failed.Denied:
			code = codes.PermissionDenied
		case failed.NotFound:
			code = codes.NotFound
		}
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
			return &PanicError{Call: call, Trace: failure.GetPanic()}
		default:
			return &sdk.Error{
				Origin:     sdk.ErrorOrigin(failure.GetOrigin()),
				Message:    s.Message(),
				Retryable:  failure.GetRetryable(),
				RetryAfter: fromDuration(failure.GetRetryAfter()),
				Hint:       failure.GetHint(),
				Denied:     failure.GetDenied(),
				NotFound:   failure.GetNotFound(),
			}
		}
	}
	if ctx.Err() != nil && (s.Code() == codes.Canceled || s.Code() == codes.DeadlineExceeded) {
		return ctx.Err()
	}
	switch s.Code() {
	case codes.Unavailable:
		return fmt.Errorf("%s: %w: %s", call, ErrLost, s.Message())
	case codes.Unimplemented:
		return &sdk.Error{Origin: sdk.OriginPlugin, Message: "the plugin has no call " + call}
	case codes.Unknown:
		return errors.New(s.Message())
	}
	return fmt.Errorf("%s: %s: %s", call, s.Code(), s.Message())
}
