//go:build !unix

package driver

import (
	"errors"
	"io/fs"
	"os"
)

// own takes the lock that the process which runs a run holds for as long as it
// lives. On these systems a file that is open cannot be removed, so that a
// lock whose file can be is nobody's.
func own(path string) (lock *os.File, owned bool, err error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil, false, nil
	}
	return file, err == nil, err
}
