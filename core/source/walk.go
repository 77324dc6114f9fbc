package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/stackrun/stack/core/diag"
)

// entry is a file and what the file system says of it.
type entry struct {
	file File
	stat stat
}

// found is what a walk comes back with.
type found struct {
	entries  []*entry
	hashed   int // files whose content was read
	warnings diag.List
}

// folder is one that is still to be read.
type folder struct {
	path    string // relative to the root; "" is the root
	verdict verdict
	ignored bool   // only what an exception re-includes counts
	parents []File // ignored folders on the way, source as soon as something in them is
}

// walker reads folders with several goroutines, which share a stack of the
// folders that are left.
type walker struct {
	root  string
	index *index

	mu      sync.Mutex
	more    *sync.Cond
	folders []folder
	busy    int
	err     error

	result   found
	problems diag.List
	kept     map[string]bool // ignored folders that turned out to be source
}

func walk(ctx context.Context, root string, ignored patterns, known *index) (found, error) {
	w := &walker{root: root, index: known, folders: []folder{{}}, kept: map[string]bool{}}
	w.more = sync.NewCond(&w.mu)
	stop := context.AfterFunc(ctx, func() { w.fail(ctx.Err()) })
	defer stop()
	var all sync.WaitGroup
	// Twice the processors: some wait for the disk while others hash.
	for range min(max(2*runtime.GOMAXPROCS(0), 4), 16) {
		m, err := ignored.matcher()
		if err != nil {
			return found{}, fmt.Errorf("prepare the ignore patterns: %w", err)
		}
		all.Go(func() { w.work(m) })
	}
	all.Wait()
	if err := ctx.Err(); err != nil {
		return found{}, fmt.Errorf("scan %s: %w", root, err)
	}
	if w.err != nil {
		return found{}, w.err
	}
	if w.problems.HasErrors() {
		return found{}, shorten(w.problems)
	}
	return w.result, nil
}

func (w *walker) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
	w.more.Broadcast()
}

// work takes folders until none is left and nobody can find more.
func (w *walker) work(m *matcher) {
	own := reader{walker: w, matcher: m, buffer: make([]byte, 128<<10)}
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.result.entries = append(w.result.entries, own.entries...)
		w.result.hashed += own.hashed
		w.result.warnings = append(w.result.warnings, own.warnings...)
		w.problems = append(w.problems, own.problems...)
	}()
	for {
		f, ok := w.next()
		if !ok {
			return
		}
		sub := own.read(f)
		w.mu.Lock()
		w.busy--
		w.folders = append(w.folders, sub...)
		w.more.Broadcast()
		w.mu.Unlock()
	}
}

func (w *walker) next() (folder, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		if w.err != nil {
			return folder{}, false
		}
		if n := len(w.folders); n > 0 {
			f := w.folders[n-1]
			w.folders = w.folders[:n-1]
			w.busy++
			return f, true
		}
		if w.busy == 0 {
			return folder{}, false
		}
		w.more.Wait()
	}
}

// keep reports whether the ignored folder at path becomes source only now.
func (w *walker) keep(path string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.kept[path] {
		return false
	}
	w.kept[path] = true
	return true
}

// reader is one goroutine's part of a walk.
type reader struct {
	walker  *walker
	matcher *matcher
	buffer  []byte
	found
	problems diag.List
}

// read adds what is in f and gives the folders in it.
func (r *reader) read(f folder) []folder {
	abs := filepath.Join(r.walker.root, f.path)
	dir, err := os.Open(abs)
	if err != nil {
		r.unreadable(f.path, err, f.ignored)
		return nil
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		r.unreadable(f.path, err, f.ignored)
		return nil
	}
	var sub []folder
	for _, name := range names {
		if neverSource(name) {
			continue
		}
		path := name
		if f.path != "" {
			path = f.path + "/" + name
		}
		ignored, found, err := r.matcher.match(path, f.verdict)
		if err != nil {
			r.walker.fail(fmt.Errorf("match %q with the ignore patterns: %w", path, err))
			return nil
		}
		if s, ok := r.entry(dir, f, path, name, ignored, found); ok {
			sub = append(sub, s)
		}
	}
	return sub
}

// entry adds what is at path; for a folder that has to be read it gives it.
func (r *reader) entry(dir *os.File, parent folder, path, name string, ignored bool, found verdict) (folder, bool) {
	var raw unix.Stat_t
	if err := unix.Fstatat(int(dir.Fd()), name, &raw, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		r.unreadable(path, &fs.PathError{Op: "stat", Path: name, Err: err}, ignored)
		return folder{}, false
	}
	isFolder := raw.Mode&unix.S_IFMT == unix.S_IFDIR
	if ignored && (!isFolder || !r.matcher.reincludes(path)) {
		return folder{}, false
	}
	if !utf8.ValidString(name) {
		r.problems = append(r.problems, diag.New(diag.BadName, "the name of %q is not valid UTF-8", path).
			Try("rename it, or name it in .dockerignore"))
		return folder{}, false
	}
	abs := filepath.Join(r.walker.root, path)
	if isFolder {
		self := File{Path: path, Source: abs, Type: Directory}
		next := folder{path: path, verdict: found, ignored: ignored}
		if ignored {
			next.parents = append(append([]File(nil), parent.parents...), self)
		} else {
			r.add(parent, entry{file: self})
		}
		return next, true
	}
	e := entry{file: File{Path: path, Source: abs, Size: raw.Size}, stat: statOf(&raw)}
	switch raw.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		e.file.Type, e.file.Exec = Regular, raw.Mode&0o100 != 0
		if digest, ok := r.walker.index.lookup(path, e.stat); ok {
			e.file.Digest = digest
			break
		}
		hashed, err := hashAt(abs, e, r.buffer)
		if err != nil {
			r.unreadable(path, err, false)
			return folder{}, false
		}
		e = hashed
		r.hashed++
	case unix.S_IFLNK:
		target, err := os.Readlink(abs)
		if err != nil {
			r.unreadable(path, err, false)
			return folder{}, false
		}
		e.file.Type, e.file.Target, e.file.Size = Link, target, 0
		if !utf8.ValidString(target) {
			r.problems = append(r.problems, diag.New(diag.BadName, "the target of the link %q is not valid UTF-8", path))
			return folder{}, false
		}
	default:
		r.warnings = append(r.warnings, diag.New(diag.SettingIgnored, "%q is left out of the source: it is neither file, folder nor link", path).AsWarning())
		return folder{}, false
	}
	r.add(parent, e)
	return folder{}, false
}

// add adds e, and the ignored folders that it is in: they are source as soon
// as something in them is.
func (r *reader) add(parent folder, e entry) {
	for _, p := range parent.parents {
		if r.walker.keep(p.Path) {
			r.entries = append(r.entries, &entry{file: p})
		}
	}
	r.entries = append(r.entries, &e)
}

// unreadable notes that path could not be read; what vanished was never there,
// and what is ignored need not be readable.
func (r *reader) unreadable(path string, err error, ignored bool) {
	if path != "" && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR)) {
		return
	}
	if ignored && errors.Is(err, fs.ErrPermission) {
		return
	}
	if path == "" {
		path = r.walker.root
	}
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	r.problems = append(r.problems, diag.New(diag.FileUnreadable, "cannot read %q of the source: %v", path, err).
		Try("allow reading it, or name it in .dockerignore"))
}

// shorten keeps a list of problems readable, in the order of their texts.
func shorten(l diag.List) diag.List {
	const most = 10
	sortByText(l)
	if len(l) <= most {
		return l
	}
	rest := len(l) - most
	last := &l[most-1]
	last.Detail = strings.TrimSpace(last.Detail + fmt.Sprintf("\nAnd %d more of this kind.", rest))
	return l[:most]
}
