package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/lockfile"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/core/stackfile"
)

// bases answers for the digests of bases as images does, from the lock where it
// has them: then no registry is asked. To renew the lock, all are asked for.
type bases struct {
	*images
	path, shown string
	lock        lockfile.File
	exists      bool // the lock's file
	renew       bool
	mirrors     map[string]string

	mu     sync.Mutex
	locked map[string]lockfile.Base // entries whose digests are used, by reference
	loose  map[string]bool          // references whose digests are not
	fresh  map[string]lockfile.Base // what renewing found
	gone   []string                 // what no registry has, by what is meant
}

// Locked is what renewing a lock did.
type Locked struct {
	File    string            `json:"file"` // as the user would name it
	Changes []lockfile.Change `json:"changes"`
}

// lockPath is where the lock of a stack is: beside its file, or in the source root.
func (e *Engine) lockPath(stack *stackfile.Stack) string {
	dir := stack.Dir
	if dir == "" {
		dir = e.Root
	}
	return filepath.Join(dir, lockfile.FileName)
}

// checkLock finds the mistakes of a stack's lock.
func (e *Engine) checkLock(stack *stackfile.Stack) diag.List {
	path := e.lockPath(stack)
	_, _, list := lockfile.Read(path, e.shown(path))
	return list
}

// basesOf reads the lock that a flow's images are planned with.
func (e *Engine) basesOf(r *plan.Resolved, im *images, renew bool) (*bases, error) {
	path := e.lockPath(r.Stack)
	lock, exists, list := lockfile.Read(path, e.shown(path))
	if err := list.Err(); err != nil {
		return nil, err
	}
	b := &bases{images: im, path: path, shown: e.shown(path), lock: lock, exists: exists, renew: renew, mirrors: map[string]string{},
		locked: map[string]lockfile.Base{}, loose: map[string]bool{}, fresh: map[string]lockfile.Base{}}
	for _, m := range r.Stack.RegistryMirrors {
		b.mirrors[m.Registry] = m.Mirror
	}
	return b, nil
}

// Digests gives the lock's digests, and asks for the others.
func (b *bases) Digests(ctx context.Context, references, platforms []string) (map[string]string, error) {
	if b.renew {
		return b.renewed(ctx, references, platforms)
	}
	out := map[string]string{}
	var ask []string
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for _, reference := range references {
		entry, known := b.lock.Base(lockfile.Meant(reference, b.mirrors))
		if !known {
			ask = append(ask, reference)
			b.loose[reference] = true
			continue
		}
		out[reference], b.locked[reference] = entry.Digest, entry
		if !entry.Covers(platforms) {
			group.Go(func() error { return b.present(groupCtx, reference, entry, platforms...) })
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	found, err := b.images.Digests(ctx, ask, platforms)
	for reference, digest := range found {
		out[reference] = digest
	}
	return out, err
}

// present makes sure that the registry still has what is locked, for the platforms.
func (b *bases) present(ctx context.Context, reference string, entry lockfile.Base, platforms ...string) error {
	_, err := b.registry.Resolve(ctx, reference+"@"+entry.Digest, platforms...)
	if !isCode(err, diag.BaseNotFound, diag.BasePlatform) {
		return err
	}
	d := diag.At(entry.Range, diag.LockStale, "the registry no longer has the locked digest of %s", entry.Reference)
	if isCode(err, diag.BasePlatform) {
		d = diag.At(entry.Range, diag.LockStale, "the locked digest of %s is not for %s", entry.Reference, strings.Join(platforms, ", "))
	}
	return diag.List{d.Because("%v", err).Try("`stack plan FLOW --lock` locks what the registry has now")}
}

// renewed asks for every digest, for the platforms of the entry too: other flows
// use it. What it is no longer for is taken out of it.
func (b *bases) renewed(ctx context.Context, references, platforms []string) (map[string]string, error) {
	out := map[string]string{}
	var problems plan.BaseProblems
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for _, reference := range references {
		group.Go(func() error {
			meant := lockfile.Meant(reference, b.mirrors)
			wanted := b.wanted(meant, platforms)
			found, err := b.images.Digests(ctx, []string{reference}, wanted)
			if isCode(err, diag.BasePlatform) && len(wanted) > len(platforms) {
				wanted = platforms
				found, err = b.images.Digests(ctx, []string{reference}, wanted)
			}
			b.mu.Lock()
			defer b.mu.Unlock()
			var list diag.List
			if errors.As(err, &list) {
				problems = append(problems, plan.BaseProblem{Reference: reference, Found: list}) // tell all that are missing
				return nil
			}
			if err != nil {
				return err
			}
			out[reference] = found[reference]
			if strings.HasPrefix(out[reference], "local:") {
				b.loose[reference] = true
				b.gone = append(b.gone, meant)
				return nil
			}
			b.fresh[meant] = lockfile.Base{Reference: meant, Digest: out[reference], Platforms: slices.Clone(wanted)}
			b.locked[reference] = b.fresh[meant]
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return out, problems.Err()
}

// wanted is the platforms that an entry is to be for: those of this flow, and
// those that it has.
func (b *bases) wanted(meant string, platforms []string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	old, _ := b.lock.Base(meant)
	all := slices.Concat(platforms, old.Platforms, b.fresh[meant].Platforms)
	slices.Sort(all)
	return slices.Compact(all)
}

// marked is p with what its images have of the lock, and warnings about what
// they do not.
func (b *bases) marked(p plan.Plan, r *plan.Resolved) plan.Plan {
	p.Images = slices.Clone(p.Images)
	for i, im := range p.Images {
		if im.Base != nil && im.Base.Digest != "" && b.locked[im.Base.Reference].Digest == im.Base.Digest {
			p.Images[i].Base = &plan.Base{Reference: im.Base.Reference, Digest: im.Base.Digest, Locked: true}
		}
	}
	if !b.exists && !b.renew {
		return p
	}
	for _, reference := range slices.Sorted(maps.Keys(b.loose)) {
		d := diag.New(diag.NotLocked, "%s is not locked", lockfile.Meant(reference, b.mirrors)).AsWarning().
			Because("%s has other images, and not this one.", b.shown).Try("`stack plan FLOW --lock` adds it")
		if b.renew {
			d = d.Because("No registry has it: the builder's own store does, whose images have no digest.").Try("push it to a registry")
		}
		p.Diagnostics = append(p.Diagnostics, placeBase(d, p, r, reference))
	}
	return p
}

// placeBase is d with the place at which the first step that uses the image
// names it, or its Dockerfile.
func placeBase(d diag.Diagnostic, p plan.Plan, r *plan.Resolved, reference string) diag.Diagnostic {
	for _, im := range p.Images {
		own := im.Base != nil && im.Base.Reference == reference
		for _, step := range r.Steps {
			if !slices.Contains(im.Steps, step.Step.Name) || !own && step.Settings.Image.Dockerfile == "" {
				continue
			}
			field := "base_image"
			if step.Settings.Image.Dockerfile != "" {
				field = "dockerfile"
			}
			at := im.Description.PlaceOf(reference)
			if at.Line == 0 {
				at = stackfile.RangeIn(step.Tree, []string{"image", field})
			}
			if at.Line > 0 {
				d.Range = &at
			}
			return d
		}
	}
	return d
}

// save writes what renewing found, if it is anything new.
func (b *bases) save() (*Locked, error) {
	var entries []lockfile.Base
	for _, meant := range slices.Sorted(maps.Keys(b.fresh)) {
		entries = append(entries, b.fresh[meant])
	}
	next, changes := b.lock.With(entries, b.gone)
	if len(changes) > 0 {
		if err := next.Write(b.path); err != nil {
			return nil, diag.Fail(diag.DiskFull, fmt.Errorf("write %s: %w", b.shown, err), "")
		}
	}
	return &Locked{File: b.shown, Changes: changes}, nil
}
