package build

import (
	"context"
	"time"

	"github.com/stackrun/stack/core/image"
)

// Job is an image that shall exist when Run is done.
type Job struct {
	Request Request // Run adds the labels of the key and of the inputs
	Inputs  image.Inputs
	// Previous is the inputs of the image used before, to say why it is built.
	Previous image.Inputs
	// Reasons is why it is built, where that is not a difference of inputs.
	Reasons []string
	Force   bool     // build even if the image exists
	Steps   []string // that use it
}

// Action is what was done about a job.
type Action string

const (
	Built  Action = "build"
	Reused Action = "reuse"
)

// Outcome is what became of a job.
type Outcome struct {
	Key       string
	Reference string
	Action    Action
	Reasons   []string // why it was built, or reused
	Digest    string   // in the registry; empty without one
	LocalID   string   // in the builder's own store, where known
	Warnings  []string
	Steps     []string
	Inputs    image.Inputs
	Started   time.Time
	Ended     time.Time
	Err       error // nil when the image exists; context.Canceled when another's failure stopped it
}

// Registry is what building asks registries; *registry.Client is one. Find and
// Images give "" for what certainly does not exist, and an error for what is not
// known.
type Registry interface {
	Find(ctx context.Context, reference string) (digest string, labels map[string]string, err error)
	// Images gives the labels of each image that the reference stands for, by
	// its platform: one, or all of an index.
	Images(ctx context.Context, reference string) (digest string, labels map[string]map[string]string, err error)
	// Architecture is what the programs in one image are made for, such as amd64;
	// "" where it has none that tell.
	Architecture(ctx context.Context, reference string) (string, error)
	Tag(ctx context.Context, reference, digest string, references ...string) error
	// Index writes an index of images that are in reference's repository already
	// under reference, and then under the further references.
	Index(ctx context.Context, reference string, digests []string, further ...string) (digest string, err error)
}

// maker makes a job's image exist. Run is made of makers around makers: each
// adds one thing and knows nothing of the others.
type maker func(ctx context.Context, j Job) (Outcome, error)
