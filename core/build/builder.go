// Package build turns the images of a plan into digests: it reuses what the
// registry already has, builds each key at most once at a time on this
// machine, and different keys side by side.
//
// What builds is a Builder, one small interface. Everything else (reuse,
// single flight, limits) wraps it, so that no builder has to know of it.
package build

import (
	"context"
	"encoding/json"
	"time"

	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/sdk"
)

// Builder turns the description of an image into an image that can be run.
// A Builder may live in another process. Build may be called at the same time
// for different keys.
type Builder interface {
	// Describe says what the builder can do. No network.
	Describe(ctx context.Context) (Description, error)

	// Configure gives the builder its block of stacks.hcl, an object that was
	// checked against Description.Schema. It is called once, before Ready, Find
	// and Build. No network.
	Configure(ctx context.Context, config json.RawMessage) error

	// Ready says whether the builder can be reached, and who it is, such as the
	// version of a Docker Engine. The error is a *diag.Failure that says what
	// to do.
	Ready(ctx context.Context) (string, error)

	// Find looks for an image by reference in the builder's own store, for
	// stacks without a registry. It gives "" with no error when it is not there.
	// The digest is what identifies the image to the engine.
	Find(ctx context.Context, reference string) (Local, error)

	// Build builds and publishes the image. Cancelling the context cancels the
	// build and leaves nothing running and no tag moved. The error is a
	// *diag.Failure.
	Build(ctx context.Context, r Request, progress func(Progress)) (Result, error)
}

// Description is what a builder can do. A setting that it cannot honour is
// refused when planning.
type Description struct {
	Name          string
	NeedsRegistry bool // it cannot keep an image on this machine
	SecretMounts  bool
	CacheMounts   bool
	BuildOptions  []string // keys of image.build that it honours
	Platform      string   // what it builds natively, such as linux/amd64

	// Schema is what the block image_builder "NAME" of stacks.hcl takes, beside
	// ca_bundle and proxy, which every builder gets with each Request.
	Schema sdk.Block
}

// Local is an image in an engine's own store. A zero ID means: not there.
type Local struct {
	ID       string // sha256:…
	Platform string // linux/amd64, or linux/arm64/v8; empty where the engine does not tell
	Labels   map[string]string
}

// Request is an image to build. Stages are built one after the other, each on
// top of the one before: first the user's own Dockerfile where there is one,
// then what the settings add.
type Request struct {
	Key         string            // 64 hex digits
	Destination string            // repository:tag; without a registry the tag in the engine
	ExtraTags   []string          // further references of the same image
	Push        bool              // publish to the registry that Destination names
	Insecure    bool              // that registry speaks plain HTTP
	Platforms   []string          // such as linux/amd64; a Builder gets one at a time
	Stages      []image.Stage     // at least one
	Labels      map[string]string // put on the last stage's image
	Secrets     []Secret
	Proxy       map[string]string // HTTP_PROXY and its kin; reach installs, never layers
	CABundle    []byte            // PEM; mounted for installs, never in a layer
	NoCache     bool
}

// Secret is a value that a build may read and nothing may keep.
type Secret struct {
	Name  string
	Value []byte
}

// Progress is one change of a build's state, for people and for events.
type Progress struct {
	Key     string
	Vertex  string // a part of the build, such as one instruction
	State   string // started, running, done, cached, failed
	Message string // a line of output, or the vertex's name
	Current int64  // bytes or steps done; 0 unknown
	Total   int64
	Time    time.Time
}

// Result is a finished build.
type Result struct {
	Digest   string   // of the manifest or index in the registry; empty when not pushed
	LocalID  string   // of the image in the engine's store, when it is there
	Warnings []string // for the user
}
