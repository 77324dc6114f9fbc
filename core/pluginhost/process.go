package pluginhost

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/stackrun/stack/core/build"
	builderwire "github.com/stackrun/stack/imagebuilders/wire"
	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/wire"
)

// politeTime is how long a plugin has to end by itself.
const politeTime = 2 * time.Second

// String is how messages name the plugin.
func (p *Process) String() string {
	name := p.Plugin.String()
	if p.Info.Version != "" {
		name += " " + p.Info.Version
	}
	return name
}

// Pid is the number of the process.
func (p *Process) Pid() string { return p.child.ID() }

// Exited is closed when the process has ended.
func (p *Process) Exited() <-chan struct{} { return p.child.exited }

// Orchestrator is the plugin's interface; errors name the plugin.
func (p *Process) Orchestrator() sdk.Orchestrator {
	return orchestrator{process: p, client: wire.NewClient(p.conn)}
}

// Builder is the plugin's interface; errors name the plugin.
func (p *Process) Builder() build.Builder {
	return builder{process: p, client: builderwire.NewClient(p.conn)}
}

// Close asks the plugin to end and ends it when it does not within two seconds
// or ctx has ended. When it returns, the process is gone or cannot be killed.
func (p *Process) Close(ctx context.Context) {
	p.markClosed()
	released := p.release()
	select {
	case <-p.child.exited:
	case <-ctx.Done():
	case <-time.After(politeTime):
	}
	_ = p.child.Kill(context.Background()) // never fails
	select {
	case <-released:
	case <-time.After(politeTime): // the process cannot be killed
	}
}

// Kill ends the process at once, also while it starts. It never blocks; the
// channel is closed when all that was held for the process is free.
func (p *Process) Kill() <-chan struct{} {
	p.markClosed()
	_ = p.child.Kill(context.Background()) // never fails
	return p.release()
}

// release says goodbye to the plugin and frees what is held for it. It waits
// in the background for as long as the plugin likes.
func (p *Process) release() <-chan struct{} {
	released := make(chan struct{})
	go func() {
		defer close(released)
		p.client.Kill()
	}()
	return released
}

func (p *Process) markClosed() {
	p.closing.Do(func() { close(p.closed) })
}

// stray takes what a plugin prints, which is a mistake of the plugin: users
// read what steps write, and programs read the handshake.
type stray struct {
	log    *slog.Logger
	stream string
}

func (s *stray) Write(data []byte) (int, error) {
	if s.log != nil {
		for line := range strings.Lines(string(data)) {
			s.log.Warn("plugin printed to its standard output", "line", strings.TrimRight(line, "\n"))
		}
	}
	return len(data), nil
}
