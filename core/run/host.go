package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Host is the hold that a process has on a run that it follows. The system
// lets it go when the process ends, however that happens, so it also tells
// other processes whether anybody still follows the run.
type Host struct {
	file   *os.File
	cancel string
}

// ErrHosted means that another process follows the run.
var ErrHosted = errors.New("another process follows the run")

// Host takes the hold on a run.
func (s Store) Host(id string) (*Host, error) {
	f, err := os.OpenFile(filepath.Join(s.Path(id), "host.lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, diskError("hold run "+id, err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close() // nothing was written
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, ErrHosted
		}
		return nil, fmt.Errorf("hold run %s: %w", id, err)
	}
	return &Host{file: f, cancel: s.cancelPath(id)}, nil
}

// Hosted reports whether a process follows the run.
func (s Store) Hosted(id string) bool {
	h, err := s.Host(id)
	if err == nil {
		h.Release()
	}
	return errors.Is(err, ErrHosted)
}

// Release lets the run go.
func (h *Host) Release() { _ = h.file.Close() } // closing is what lets go

// RequestCancel asks the process that follows the run to cancel it. grace is
// the time that steps have to end by themselves; 0 is the platform's own.
func (s Store) RequestCancel(id string, grace time.Duration) error {
	if err := WriteFile(s.cancelPath(id), []byte(grace.String())); err != nil {
		return diskError("ask for the cancelling of run "+id, err)
	}
	return nil
}

func (s Store) cancelPath(id string) string { return filepath.Join(s.Path(id), "cancel") }

// cancelPoll is how soon a request to cancel is seen. Looking for a file costs
// microseconds, and needs no service that could be missing.
const cancelPoll = 200 * time.Millisecond

// CancelRequested returns when somebody asked to cancel the run (true, and with
// which grace) or when ctx ends (false).
func (h *Host) CancelRequested(ctx context.Context) (grace time.Duration, asked bool) {
	tick := time.NewTicker(cancelPoll)
	defer tick.Stop()
	for {
		if text, err := os.ReadFile(h.cancel); !errors.Is(err, fs.ErrNotExist) {
			grace, err = time.ParseDuration(string(text))
			if err != nil || grace < 0 {
				grace = 0
			}
			return grace, true
		}
		select {
		case <-ctx.Done():
			return 0, false
		case <-tick.C:
		}
	}
}
