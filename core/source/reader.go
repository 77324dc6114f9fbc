package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/stackrun/stack/core/diag"
)

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
