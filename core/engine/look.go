package engine

import (
	"context"
	"strings"
	"sync"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/image"
)

// looker looks for images of builds, each once.
type looker struct {
	registry Registry
	// store is the builder's own store of a stack, or why it cannot be asked.
	store func(ctx context.Context, stack string) (build.Builder, error)
	stack string

	mu    sync.Mutex
	known map[string]*looked
}

type looked struct {
	once  sync.Once
	there bool
	err   error
}

// lookerIn looks with what a plan works with: its registry, which is told of
// what the build says of its own, and its builder.
func (e *Engine) lookerIn(im *images, record build.Record) *looker {
	var plain []string
	if r := im.stack.Registry; r != nil && r.PlainHTTP {
		plain = append(plain, host(r.URI))
	}
	return &looker{
		registry: e.Registry(append(plain, plainHosts(record)...)), stack: record.Stack, known: map[string]*looked{},
		store: func(context.Context, string) (build.Builder, error) { return im.builder.builder, nil },
	}
}

// look reports whether an image exists. The error is that nobody can say.
func (l *looker) look(ctx context.Context, im build.RecordImage) (bool, error) {
	id := l.stack + "\n" + identityOf(im)
	l.mu.Lock()
	k := l.known[id]
	if k == nil {
		k = &looked{}
		l.known[id] = k
	}
	l.mu.Unlock()
	k.once.Do(func() { k.there, k.err = l.ask(ctx, im) })
	return k.there, k.err
}

func (l *looker) ask(ctx context.Context, im build.RecordImage) (bool, error) {
	if !im.Local() {
		digest, labels, err := l.registry.Find(ctx, im.Pinned())
		return digest != "" && (im.Key == "" || labels[image.KeyLabel] == im.Key), err
	}
	store, err := l.store(ctx, l.stack)
	if err != nil {
		return false, err
	}
	local, err := store.Find(ctx, im.Reference)
	if err != nil {
		return false, err
	}
	return local.ID != "" && (im.StoreID() == "" || local.ID == im.StoreID()), nil
}

// plainHosts is the registries of a build that speak plain HTTP.
func plainHosts(records ...build.Record) []string {
	var out []string
	for _, r := range records {
		for _, im := range r.Images {
			if im.PlainHTTP {
				out = append(out, host(im.Reference))
			}
		}
	}
	return out
}

func host(reference string) string {
	name, _, _ := strings.Cut(reference, "/")
	return name
}
