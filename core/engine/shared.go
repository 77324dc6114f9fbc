package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/plan"
)

// What a team knows of the images before these is in the registry: a tag for
// each flow, stack and step, on the image that the step used last, whose labels
// hold what its key was made of. It only serves to say why an image is built,
// so that nothing that goes wrong with it is an error, and nothing is asked
// unless an image is built.

const (
	sharedTime = 5 * time.Second // how long a registry may take over it
	mostShared = 16              // steps of an image that have the tag; any one of them finds it
	mostAsked  = 4               // steps that are asked about: others came to the image since
)

// sharedReference is the tag of what a step used last.
func sharedReference(reference, flow, stack, step string) string {
	sum := sha256.Sum256([]byte(flow + "\n" + stack + "\n" + step)) // names have no newline
	return repositoryOf(reference) + ":stack-latest-" + hex.EncodeToString(sum[:8])
}

// Previous is what the image that one of the steps used last was made of: as
// the team's registry says, or as the records here do where they know better.
func (im *images) Previous(ctx context.Context, p plan.Image) image.Inputs {
	local := im.records.Previous(im.flow, im.stack.Name, p.Steps)
	if p.Local {
		return local
	}
	ctx, stop := context.WithTimeout(ctx, sharedTime)
	defer stop()
	shared := im.sharedInputs(ctx, p)
	switch {
	case len(shared) == 0:
		return local
	case len(local) == 0:
		return shared
	case len(image.Reasons(local, shared)) == 0:
		return local // the same, and labels leave out what is long
	case im.records.Shared(im.flow, im.stack.Name, p.Steps):
		return shared // the tag was on ours, so that another's came later
	}
	return local
}

// sharedInputs is the inputs of the image that has the tag of the first of the
// steps that has one; nil where there is none, or nobody can say.
func (im *images) sharedInputs(ctx context.Context, p plan.Image) image.Inputs {
	for i, step := range p.Steps {
		if i == mostAsked {
			break
		}
		_, labels, err := im.registry.Find(ctx, sharedReference(p.Reference, im.flow, im.stack.Name, step))
		if err != nil {
			return nil
		}
		if in := image.InputsFromLabels(labels); len(in) > 0 {
			return in
		}
	}
	return nil
}

// share puts the tags on the images of a build, those that are new to their
// steps. Two machines that do so at once leave the one or the other.
func (im *images) share(ctx context.Context, p plan.Plan) {
	ctx, stop := context.WithTimeout(ctx, sharedTime)
	defer stop()
	var mu sync.Mutex
	done := map[string]image.Inputs{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for _, i := range p.Images {
		if i.Local || i.Key == "" || i.Digest == nil || !im.newTo(i) {
			continue
		}
		group.Go(func() error {
			var tags []string
			for _, step := range i.Steps[:min(len(i.Steps), mostShared)] {
				tags = append(tags, sharedReference(i.Reference, im.flow, im.stack.Name, step))
			}
			if im.registry.Tag(ctx, i.Reference, *i.Digest, tags...) != nil {
				return nil // the records here serve this machine all the same
			}
			mu.Lock()
			defer mu.Unlock()
			for _, step := range i.Steps {
				done[step] = i.Inputs
			}
			return nil
		})
	}
	_ = group.Wait() // nothing in it fails
	if len(done) > 0 {
		_ = im.records.NoteShared(im.flow, im.stack.Name, done) // the next build tells less exactly
	}
}

// newTo reports whether the image was built, or is another than its steps used
// before on this machine. A machine that knows nothing and builds nothing, such
// as one of a pipeline, leaves the tags as they are.
func (im *images) newTo(i plan.Image) bool {
	if i.Action == plan.Build {
		return true
	}
	return im.before != nil && len(i.Steps) > 0 && len(image.Reasons(im.before[i.Steps[0]], i.Inputs)) > 0
}

// remember keeps what the steps used before this build, which its record
// replaces.
func (im *images) remember() { im.before = im.records.Latest(im.flow, im.stack.Name) }
