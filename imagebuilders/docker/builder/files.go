package builder

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"sync"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"

	"github.com/stackrun/stack/core/source"
)

// files serves a list of files as a folder. Only what the engine asks for is
// opened, and only what is still as it was when the key was made is let through.
type files struct {
	all    map[string]source.File
	sorted []string // in the order in which a folder is walked
	ours   string   // what paths of the user's files begin with here, and not there

	mu      sync.Mutex
	changed error  // the first file that was refused
	stop    func() // ends the build then: the transfer alone would wait for ever
}

var _ fsutil.FS = (*files)(nil)

func newFiles(list []source.File) *files {
	f := &files{all: make(map[string]source.File, len(list))}
	for _, file := range list {
		file.Path = path.Clean(file.Path)
		if file.Path == sourceDir && file.Type == source.Directory && file.Source == "" {
			f.ours = sourceDir + "/" // a folder of the user's own has a place on this machine
		}
		if file.Path == "." {
			continue
		}
		f.all[file.Path] = file
		for dir := path.Dir(file.Path); dir != "."; dir = path.Dir(dir) {
			if _, known := f.all[dir]; !known {
				f.all[dir] = source.File{Path: dir, Type: source.Directory}
			}
		}
	}
	for p := range f.all {
		f.sorted = append(f.sorted, p)
	}
	sort.Slice(f.sorted, func(i, j int) bool { return walkedBefore(f.sorted[i], f.sorted[j]) })
	return f
}

// sourceDir is the folder of the context in which stages that are made of
// settings have the user's source.
const sourceDir = "source"

// changedError is a file that is no longer what the image's key says.
type changedError struct {
	path  string // as the user knows it
	cause error  // or nil
}

func (e *changedError) Error() string {
	text := e.path + " changed while the image was built"
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

func (e *changedError) Unwrap() error { return e.cause }

// shown is a file's path as the user knows it.
func (f *files) shown(file source.File) string { return strings.TrimPrefix(file.Path, f.ours) }

// walkedBefore orders a folder's content right after the folder.
func walkedBefore(a, b string) bool {
	return strings.ReplaceAll(a, "/", "\x00") < strings.ReplaceAll(b, "/", "\x00")
}

// Walk tells of everything below target, folders before what is in them.
func (f *files) Walk(ctx context.Context, target string, fn fs.WalkDirFunc) error {
	target = strings.TrimPrefix(path.Clean("/"+filepath.ToSlash(target)), "/")
	skip := ""
	for _, p := range f.sorted {
		if err := ctx.Err(); err != nil {
			return err
		}
		if target != "" && p != target && !strings.HasPrefix(p, target+"/") || skip != "" && strings.HasPrefix(p, skip) {
			continue
		}
		entry := &fsutil.DirEntryInfo{Stat: stat(f.all[p])}
		switch err := fn(filepath.FromSlash(p), entry, nil); {
		case errors.Is(err, fs.SkipAll):
			return nil
		case errors.Is(err, fs.SkipDir) && entry.IsDir():
			skip = p + "/"
		case errors.Is(err, fs.SkipDir):
			skip = path.Dir(p) + "/"
		case err != nil:
			return err
		}
	}
	return nil
}

// stat is what the engine is told of a file. Owner and times of this machine
// are none of its business. But the engine takes a file of the same size and
// time to be the one it has already, and so the time stands for the content: a
// moment between 1980, from which zip files can tell time, and 2010.
func stat(file source.File) *types.Stat {
	s := &types.Stat{Path: file.Path, ModTime: firstTime}
	switch file.Type {
	case source.Directory:
		s.Mode = uint32(os.ModeDir | 0o755)
	case source.Link:
		s.Mode, s.Linkname = uint32(os.ModeSymlink|0o777), file.Target
	default:
		s.Mode, s.Size = 0o644, file.Size
		if file.Exec {
			s.Mode = 0o755
		}
		if file.Source == "" {
			s.Size = int64(len(file.Content))
		}
		s.ModTime += timeOf(digestOf(file))
	}
	return s
}

const (
	firstTime  = 315532800 * int64(1e9) // 1 January 1980, in nanoseconds
	thirtyYear = 30 * 365 * 86400 * uint64(1e9)
)

func timeOf(digest string) int64 {
	sum := sha256.Sum256([]byte(digest))
	return int64(binary.BigEndian.Uint64(sum[:8]) % thirtyYear)
}

func digestOf(file source.File) string {
	if file.Digest != "" || file.Source != "" {
		return file.Digest
	}
	sum := sha256.Sum256(file.Content)
	return hex.EncodeToString(sum[:])
}

// Open never fails: the caller would send an empty file then, and go on. What
// is wrong is told by the first Read.
func (f *files) Open(name string) (io.ReadCloser, error) {
	file, known := f.all[path.Clean(filepath.ToSlash(name))]
	if !known || file.Type != source.Regular {
		return failing{f.refuse(fmt.Errorf("%s is not a file of the image", name))}, nil
	}
	if file.Source == "" {
		return io.NopCloser(bytes.NewReader(file.Content)), nil
	}
	opened, err := os.Open(file.Source)
	if err != nil {
		return failing{f.refuse(&changedError{f.shown(file), err})}, nil
	}
	return &checked{f: f, file: file, from: opened, sum: sha256.New()}, nil
}

// refuse keeps the first reason, which the engine's answer does not have.
func (f *files) refuse(err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.changed == nil {
		f.changed = err
		if f.stop != nil {
			f.stop()
		}
	}
	return err
}

func (f *files) refused() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changed
}

// checked reads a file and fails at its end if it is not what it was.
type checked struct {
	f    *files
	file source.File
	from *os.File
	sum  hash.Hash
	read int64
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.sum.Write(p[:n])
	c.read += int64(n)
	if errors.Is(err, io.EOF) && (c.read != c.file.Size || hex.EncodeToString(c.sum.Sum(nil)) != c.file.Digest) {
		return n, c.f.refuse(&changedError{path: c.f.shown(c.file)})
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = c.f.refuse(fmt.Errorf("read %s: %w", c.f.shown(c.file), err))
	}
	return n, err
}

func (c *checked) Close() error { return c.from.Close() }

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
func (f failing) Close() error             { return nil }
