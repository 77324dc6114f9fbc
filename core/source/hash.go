package source

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"

	"golang.org/x/sys/unix"

	"github.com/stackrun/stack/core/diag"
)

// stat is what tells whether a file is still the one that was hashed.
type stat struct {
	size, mtime, ctime int64 // times in nanoseconds since 1970
	inode              uint64
	mode               uint32
}

func statOf(s *unix.Stat_t) stat {
	return stat{size: s.Size, mtime: s.Mtim.Nano(), ctime: s.Ctim.Nano(), inode: uint64(s.Ino), mode: uint32(s.Mode)}
}

// errUnstable is a file that is being written.
var errUnstable = errors.New("it keeps changing while it is read")

// Read describes one file, following links to it: its content, size and
// executable bit. Its Path is empty: where it goes is the caller's business.
func Read(path string) (File, error) {
	abs, err := filepath.EvalSymlinks(path)
	if err != nil {
		return File{}, err
	}
	e, err := hashAt(abs, entry{file: File{Source: abs, Type: Regular}}, make([]byte, 128<<10))
	if err != nil {
		return File{}, fmt.Errorf("read %s: %w", abs, err)
	}
	return e.file, nil
}

// hashAt hashes the regular file at abs. e is what is known of it; the entry
// that comes back describes the file that was hashed, which may be newer.
func hashAt(abs string, e entry, buffer []byte) (entry, error) {
	const tries = 3
	for range tries {
		next, same, err := hashOnce(abs, e, buffer)
		if err != nil {
			return entry{}, err
		}
		if same {
			return next, nil
		}
	}
	return entry{}, errUnstable
}

// hashOnce hashes what is at abs, and says whether it was at rest meanwhile.
func hashOnce(abs string, e entry, buffer []byte) (entry, bool, error) {
	// A file that was replaced by a pipe or a link is not to be waited for, or
	// followed.
	fd, err := unix.Open(abs, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return entry{}, false, &os.PathError{Op: "open", Path: abs, Err: err}
	}
	f := os.NewFile(uintptr(fd), abs)
	defer f.Close()
	var before, after unix.Stat_t
	if err := unix.Fstat(fd, &before); err != nil {
		return entry{}, false, &os.PathError{Op: "stat", Path: abs, Err: err}
	}
	if before.Mode&unix.S_IFMT != unix.S_IFREG {
		return entry{}, false, errUnstable
	}
	sum := sha256.New()
	n, err := io.CopyBuffer(sum, struct{ io.Reader }{f}, buffer)
	if err != nil {
		return entry{}, false, fmt.Errorf("read %s: %w", abs, err)
	}
	if err := unix.Fstat(fd, &after); err != nil {
		return entry{}, false, &os.PathError{Op: "stat", Path: abs, Err: err}
	}
	e.stat = statOf(&after)
	e.file.Size, e.file.Exec = after.Size, after.Mode&0o100 != 0
	e.file.Digest = hex.EncodeToString(sum.Sum(nil))
	return e, statOf(&before) == e.stat && n == after.Size, nil
}

func sortByText(l diag.List) {
	sort.SliceStable(l, func(i, j int) bool { return l[i].Summary < l[j].Summary })
}
