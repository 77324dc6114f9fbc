package serve

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc/stats"
)

// watchdog notices that the host has died: it counts connections, and when
// there has been none for a while it calls dead. That works on every system,
// whatever killed the host and whatever became of the standard streams.
type watchdog struct {
	grace time.Duration
	dead  func()

	mu    sync.Mutex
	open  int
	timer *time.Timer
}

// newWatchdog calls dead once when no connection came within first, or none is
// left for grace.
func newWatchdog(grace, first time.Duration, dead func()) *watchdog {
	w := &watchdog{grace: grace, dead: dead}
	w.timer = time.AfterFunc(first, w.expire)
	return w
}

func (w *watchdog) expire() {
	w.mu.Lock()
	alone := w.open == 0
	w.mu.Unlock()
	if alone { // a connection may have come while the timer fired
		w.dead()
	}
}

// HandleConn counts connections.
func (w *watchdog) HandleConn(_ context.Context, s stats.ConnStats) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch s.(type) {
	case *stats.ConnBegin:
		w.open++
		w.timer.Stop()
	case *stats.ConnEnd:
		w.open--
		if w.open == 0 {
			w.timer.Reset(w.grace)
		}
	}
}

// TagConn does nothing; the interface wants it.
func (w *watchdog) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// TagRPC does nothing; the interface wants it.
func (w *watchdog) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

// HandleRPC does nothing; the interface wants it.
func (w *watchdog) HandleRPC(context.Context, stats.RPCStats) {}
