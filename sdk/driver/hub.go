package driver

import (
	"sync"

	"github.com/stackrun/stack/sdk"
)

// hub is the history of a run that this process runs, and tells of changes.
type hub struct {
	mu      sync.Mutex
	events  []sdk.Event
	changed chan struct{} // closed and replaced on every change
}

func newHub() *hub { return &hub{changed: make(chan struct{})} }

func (h *hub) add(events ...sdk.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, events...)
	h.wakeLocked()
}

// wake tells of a change that is not an event, such as output.
func (h *hub) wake() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wakeLocked()
}

func (h *hub) wakeLocked() {
	close(h.changed)
	h.changed = make(chan struct{})
}

// since is the events from number from on, and what is closed when there are
// more.
func (h *hub) since(from int) ([]sdk.Event, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.events[from:len(h.events):len(h.events)], h.changed
}
