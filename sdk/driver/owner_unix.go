//go:build unix

package driver

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// own takes the lock that the process which runs a run holds for as long as it
// lives. It does not wait: owned is false when another holder has it.
func own(path string) (lock *os.File, owned bool, err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, false, err
	}
	for {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	switch {
	case err == nil:
		return file, true, nil
	case errors.Is(err, syscall.EWOULDBLOCK):
		return nil, false, file.Close()
	}
	file.Close()
	return nil, false, fmt.Errorf("lock %s: %w", path, err)
}
