// Package engine is the sentence that stack is: resolve, plan, build, submit,
// watch. Each of the five is one method that takes the value before it and
// gives the next; what they do is in the packages below.
//
// The engine knows interfaces only: it imports no protocol, no cloud, no
// builder. The command line gives it what it works with.
package engine

import (
	"context"
	"time"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/run"
	"github.com/stackrun/stack/sdk"
)

// Engine runs flows. Its fields are set once, by the command line.
type Engine struct {
	Plugins Plugins
	// Registry makes a client of registries; those named speak plain HTTP.
	Registry func(plainHTTP []string) Registry
	Runs     run.Store
	Now      func() time.Time
	Environ  []string // the caller's environment
	Dir      string   // working directory, absolute
	Root     string   // the source root, absolute; .stack is below it
	Version  string   // of stack
}

// Plugins gives the programs that stack works with, started when first asked
// for. The errors are *diag.Failure or diag.List.
type Plugins interface {
	Orchestrator(ctx context.Context, name string) (sdk.Orchestrator, error)
	Builder(ctx context.Context, name string) (build.Builder, error)
	// Start begins to start the two, and does not wait; an empty name is none.
	// What goes wrong is told by the call that needs them.
	Start(ctx context.Context, orchestrator, builder string)
}

// Registry is what the engine asks container registries.
type Registry interface {
	build.Registry
	// Resolve gives the digest of a base image that exists for all platforms.
	Resolve(ctx context.Context, reference string, platforms ...string) (string, error)
}
