package build

import (
	"context"
	"fmt"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
)

// verified asks the registry, after a push, for what the builder says that it
// has pushed: a builder that is mistaken must not make a step run something
// else.
func verified(o Options, next maker) maker {
	return func(ctx context.Context, j Job) (Outcome, error) {
		out, err := next(ctx, j)
		if err != nil || !j.Request.Push {
			return out, err
		}
		digest, labels, err := o.Registry.Find(ctx, j.Request.Destination)
		if err != nil {
			return out, fmt.Errorf("check the pushed image %s: %w", j.Request.Destination, err)
		}
		switch {
		case digest == "":
			err = fmt.Errorf("image %s was pushed as %s and is not in the registry", j.Request.Destination, out.Digest)
		case digest != out.Digest:
			err = fmt.Errorf("image %s was pushed as %s and is %s in the registry", j.Request.Destination, out.Digest, digest)
		case labels[image.KeyLabel] != j.Request.Key:
			err = fmt.Errorf("image %s has the key %q in the registry, not %s", j.Request.Destination, labels[image.KeyLabel], j.Request.Key)
		}
		if err != nil {
			return out, diag.Fail(diag.BuildFailed, err, "somebody else may push to this repository; run the command again")
		}
		return out, nil
	}
}
