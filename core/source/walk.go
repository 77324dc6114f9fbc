package source

import (
	"context"
	"fmt"
	"runtime"
	"sync"

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
