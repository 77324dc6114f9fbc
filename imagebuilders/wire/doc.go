// Package wire carries the build.Builder interface over gRPC, so that what
// links a heavy client of an engine or a cloud lives in a process of its own
// while the engine of stack sees one interface either way.
//
// It promises that requests, progress and results arrive unchanged, that
// cancelling the context of a build cancels it at the other end, and that a
// *diag.Failure arrives with its code and hint. Starting processes is left to
// core/pluginhost, serving to imagebuilders/serve.
package wire

import "github.com/stackrun/stack/sdk"

// ProtocolVersion is the version of builder.proto that both sides must share. It
// is that of orchestrators: a release of stack has one for all its plugins.
const ProtocolVersion = sdk.ProtocolVersion

// ServiceName is under what go-plugin keeps the builder.
const ServiceName = "builder"
