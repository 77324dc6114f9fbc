package supervisor

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

// Sweep kills the processes that have the variable ("NAME=value") in their
// environment, and returns when none is left. It is for what remains when a
// supervisor was killed too. Processes of other users are not looked at.
func Sweep(ctx context.Context, variable string) error {
	for {
		left, err := killWith(variable)
		if err != nil || left == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d processes do not end: %w", left, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func killWith(variable string) (found int, err error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0, err
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		environ, err := os.ReadFile("/proc/" + entry.Name() + "/environ")
		if err != nil { // gone, or another user's
			continue
		}
		for value := range bytes.SplitSeq(environ, []byte{0}) {
			if string(value) == variable {
				found++
				_ = syscall.Kill(pid, syscall.SIGKILL) // gone already is fine
				break
			}
		}
	}
	return found, nil
}
