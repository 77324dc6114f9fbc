package engine

import (
	"context"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/plan"
)

// planImages is plan.Make with the lock: bases have its digests, or, to renew
// it, it has theirs.
func (e *Engine) planImages(ctx context.Context, p *Planned, in plan.Input, renew bool) (plan.Plan, error) {
	if renew && in.Pinned != nil {
		return plan.Plan{}, diag.List{diag.At(in.Pinned.At, diag.Conflict, "--lock asks for base images, and build %s is used without building", in.Pinned.Build).
			Try("leave one of them away")}
	}
	b, err := e.basesOf(p.Resolved, p.images, renew)
	if err != nil {
		return plan.Plan{}, err
	}
	in.Images = b
	made, err := plan.Make(ctx, p.Resolved, in)
	if err != nil {
		return plan.Plan{}, err
	}
	p.bases = b
	if renew {
		if p.Locked, err = b.save(); err != nil {
			return plan.Plan{}, err
		}
	}
	return b.marked(made, p.Resolved), nil
}

// checkPresent makes sure, of images that are taken as they are, that what is
// locked still exists. Those that are built show it when they are built.
func (b *bases) checkPresent(ctx context.Context, images []plan.Image) error {
	for _, im := range images {
		if im.Action != plan.Use || im.Base == nil || !im.Base.Locked {
			continue
		}
		if err := b.present(ctx, im.Base.Reference, b.locked[im.Base.Reference], im.Platforms...); err != nil {
			return err
		}
	}
	return nil
}

// explained is err, a build that failed, unless it failed because what is locked
// no longer exists. A builder names the digest that it could not get.
func (b *bases) explained(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	text := err.Error()
	for reference, entry := range b.locked {
		if !strings.Contains(text, entry.Digest) {
			continue
		}
		if stale := b.present(ctx, reference, entry); isCode(stale, diag.LockStale) {
			return stale
		}
	}
	return err
}
