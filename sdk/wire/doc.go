// Package wire carries the sdk.Orchestrator interface over gRPC: a Client that
// implements it by calls to a plugin, and a Server that answers calls with one.
//
// It promises that what goes in on one side comes out on the other unchanged:
// bytes stay bytes, an absent time or image stays absent, words that this
// version does not know pass through. Only text for people is changed, where it
// is not valid UTF-8. Errors keep their kind: an *sdk.Error arrives as one, a
// panic of the plugin as a *PanicError.
//
// Starting processes is left to core/pluginhost, serving as a plugin's main to
// sdk/serve.
package wire

import "google.golang.org/grpc"

// MaxMessageSize is the largest message, in bytes, that either side takes.
// gRPC's own limit for servers, 4 MiB, is too small for a plan of a thousand
// steps; what has no limit by nature (events, logs) is a stream.
const MaxMessageSize = 256 << 20

// DialOptions are what a connection to a plugin needs. A connection must not
// fall idle while a build goes on: the plugin would take that for the death of
// its host.
func DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithIdleTimeout(0),
		grpc.WithNoProxy(),
		grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(MaxMessageSize),
			grpc.MaxCallSendMsgSize(MaxMessageSize)),
	}
}

// ServerOptions are what a plugin's gRPC server needs.
func ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxRecvMsgSize(MaxMessageSize),
		grpc.MaxSendMsgSize(MaxMessageSize),
	}
}

// What a host says to an executable before it speaks gRPC: a plugin that does
// not find CookieKey=CookieValue in its environment was started by a person.
// That is a courtesy, not a secret.
const (
	CookieKey   = "STACK_PLUGIN"
	CookieValue = "d41a6f0e-7f0b-4f3e-9b61-5a1c3f0c8c25"
)

// ServiceName is under what go-plugin keeps the orchestrator.
const ServiceName = "orchestrator"
