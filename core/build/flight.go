//go:build unix

package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/stackrun/stack/core/diag"
)

// askAgain is how often a waiting process tries a lock that another one holds.
const askAgain = 50 * time.Millisecond

// singleFlight lets one process of this machine at a time make one key for one
// destination. The lock is the kernel's, so that a process that is killed holds
// nothing. What comes after it asks whether the image exists, and so one that
// waited finds what the other made.
func singleFlight(o Options, next maker) maker {
	return func(ctx context.Context, j Job) (Outcome, error) {
		unlock, err := lock(ctx, o, j.Request)
		if err != nil {
			return Outcome{}, err
		}
		defer unlock()
		return next(ctx, j)
	}
}

func lock(ctx context.Context, o Options, r Request) (unlock func(), err error) {
	sum := sha256.Sum256([]byte(r.Key + " " + r.Destination))
	path := filepath.Join(o.Locks, hex.EncodeToString(sum[:16])+".lock")
	if err := os.MkdirAll(o.Locks, 0o755); err != nil {
		return nil, diskError("create the folder of build locks", err)
	}
	told := false
	for {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|unix.O_CLOEXEC, 0o644)
		if err != nil {
			return nil, diskError("open a build lock", err)
		}
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil && stillThere(f, path) {
			return func() {
				_ = os.Remove(path) // while it is held: whoever waits sees that the file is another
				_ = f.Close()
			}, nil
		}
		_ = f.Close()
		if err == nil || errors.Is(err, unix.EINTR) {
			continue // its holder removed it as we opened it
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, diskError("lock "+path, err)
		}
		if !told {
			told = true
			o.Progress(Progress{Key: r.Key, Vertex: "lock", State: "started", Message: fmt.Sprintf("waiting: another process builds %s", r.Destination), Time: o.Now()})
		}
		timer := time.NewTimer(askAgain)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		case <-timer.C:
		}
	}
}

// stillThere reports whether path is still the file that was locked.
func stillThere(f *os.File, path string) bool {
	ours, err := f.Stat()
	if err != nil {
		return false
	}
	theirs, err := os.Stat(path)
	return err == nil && os.SameFile(ours, theirs)
}

func diskError(action string, err error) error {
	return diag.Fail(diag.DiskFull, fmt.Errorf("%s: %w", action, err), "free space or fix the permissions of the folder")
}
