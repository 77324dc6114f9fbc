package pluginhost

import (
	"context"
	"sync"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/sdk"
)

// Pool starts plugins for one process of stack: each at most once, when it is
// first wanted, however many want it at the same time. An orchestrator is
// configured once, so two stacks that share a plugin but not its configuration
// need two pools.
type Pool struct {
	find   FindOptions
	launch func(Plugin) LaunchOptions

	mu      sync.Mutex
	entries map[Plugin]*entry
	closed  bool
}

// NewPool makes a pool. launch gives the options for a plugin; nothing is
// started yet.
func NewPool(find FindOptions, launch func(Plugin) LaunchOptions) *Pool {
	return &Pool{find: find, launch: launch, entries: map[Plugin]*entry{}}
}

// entry is one plugin of a pool.
type entry struct {
	*Supervised
	plugin Plugin
}

// Start begins to start a plugin and does not wait, so that it comes up while
// the caller does other work. What goes wrong is told by the call that needs
// the plugin.
func (p *Pool) Start(ctx context.Context, kind Kind, name string) {
	e, err := p.entry(kind, name)
	if err != nil {
		return // found again, and told, by the call that needs it
	}
	go func() { _, _ = e.process(ctx) }() // the entry keeps the result
}

// Orchestrator is the orchestrator plugin of that name, started. The error is
// a *diag.Failure.
func (p *Pool) Orchestrator(ctx context.Context, name string) (*Supervised, error) {
	e, err := p.entry(Orchestrator, name)
	if err != nil {
		return nil, err
	}
	if _, err := e.process(ctx); err != nil {
		return nil, err
	}
	return e.Supervised, nil
}

// Builder is the builder plugin of that name, started. The error is a
// *diag.Failure.
func (p *Pool) Builder(ctx context.Context, name string) (build.Builder, error) {
	e, err := p.entry(Builder, name)
	if err != nil {
		return nil, err
	}
	process, err := e.process(ctx)
	if err != nil {
		return nil, err
	}
	return process.Builder(), nil
}

func (p *Pool) entry(kind Kind, name string) (*entry, error) {
	plugin, err := Find(kind, name, p.find)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errClosed
	}
	e := p.entries[plugin]
	if e == nil {
		e = &entry{plugin: plugin, Supervised: Supervise(func(ctx context.Context) (*Process, error) {
			return Launch(ctx, plugin, p.launch(plugin))
		})}
		p.entries[plugin] = e
	}
	return e, nil
}

// Close ends every plugin that was started, all at the same time: two seconds
// at most, less when ctx ends sooner.
func (p *Pool) Close(ctx context.Context) {
	p.mu.Lock()
	p.closed = true
	entries := p.entries
	p.mu.Unlock()
	var all sync.WaitGroup
	for _, e := range entries {
		all.Go(func() { e.Close(ctx) })
	}
	all.Wait()
}

var _ sdk.Orchestrator = (*Supervised)(nil)
