package source

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stackrun/stack/core/diag"
)

// Options says what to scan.
type Options struct {
	Root string // absolute

	// IgnoreFile is a dockerignore file; empty is .dockerignore in Root, if
	// there is one.
	IgnoreFile string

	// Exclude is patterns that come before those of the ignore file, which can
	// so take them back with "!".
	Exclude []string

	// Never is paths below Root, slash-separated, that are not source whatever
	// any pattern says.
	Never []string

	// IndexFile is where the stat index is kept; empty keeps none. Its folder
	// is made when it lacks. An index serves one Root.
	IndexFile string
}

// Tree is the source as it was when it was scanned. It does not change.
type Tree struct {
	root     string
	files    []File
	digest   string
	warnings diag.List
}

// Root is the folder that was scanned, absolute.
func (t *Tree) Root() string { return t.root }

// Files is every file, folder and link, sorted by path. Callers must not
// change it.
func (t *Tree) Files() []File { return t.files }

// Digest is 64 hex digits over everything of the tree that counts: paths,
// types, executable bits, contents and targets of links.
func (t *Tree) Digest() string { return t.digest }

// Warnings is what was left out, and what the stat index could not do.
func (t *Tree) Warnings() diag.List { return t.warnings }

// Scan reads the tree below o.Root. The error is a diag.List where the tree
// itself is at fault: a link that leads outside, a file that cannot be read or
// whose name cannot be in an image, a wrong pattern in the ignore file.
//
// A file that vanishes during the scan counts as never there. One that changes
// while it is read is read again, and refused if it does not come to rest.
func Scan(ctx context.Context, o Options) (*Tree, error) {
	started := time.Now()
	root := filepath.Clean(o.Root)
	ignored, err := readPatterns(root, o.IgnoreFile)
	if err != nil {
		return nil, err
	}
	ignored = append(slices.Clone(patterns(o.Exclude)), ignored...)
	for _, path := range o.Never {
		ignored = append(ignored, literalPattern(path))
	}
	known := readIndex(o.IndexFile)
	found, err := walk(ctx, root, ignored, known)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found.entries, func(a, b *entry) int { return strings.Compare(a.file.Path, b.file.Path) })
	if problems := checkLinks(root, found.entries); problems.HasErrors() {
		return nil, problems
	}
	tree := &Tree{root: root, files: make([]File, len(found.entries)), warnings: found.warnings}
	for i, e := range found.entries {
		tree.files[i] = e.file
	}
	tree.digest = Digest(tree.files)
	if o.IndexFile != "" && known.outdated(found.entries, found.hashed) {
		if err := writeIndex(o.IndexFile, started, found.entries); err != nil {
			tree.warnings = append(tree.warnings, diag.New(diag.DiskFull, "the index of the source could not be written: %v", err).
				Because("Nothing is lost: the next scan reads every file again.").AsWarning())
		}
	}
	return tree, nil
}

// digestRecipe changes whenever the encoding below does.
const digestRecipe = "stack source tree 1"

// Digest is the digest of files, which are sorted by path: a SHA-256 over each
// one's path, type, executable bit and content or target, every part preceded
// by its length, so that no two different trees have the same encoding.
func Digest(files []File) string {
	size := len(digestRecipe) + 16
	for i := range files {
		size += len(files[i].Path) + len(files[i].Target) + 96
	}
	b := make([]byte, 0, size)
	b = appendText(b, digestRecipe)
	b = binary.AppendUvarint(b, uint64(len(files)))
	for i := range files {
		f := &files[i]
		b = appendText(b, string(f.Type))
		b = appendText(b, f.Path)
		switch f.Type {
		case Regular:
			exec := byte(0)
			if f.Exec {
				exec = 1
			}
			b = append(b, exec)
			b = appendText(b, f.Digest)
		case Link:
			b = appendText(b, f.Target)
		}
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func appendText(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}
