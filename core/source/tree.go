package source

import "context"

// FindRoot is the source root of a flow: the nearest folder upwards from the
// flow's file that holds .stack/, else the flow's own. It is absolute.
func FindRoot(flowFile string) (string, error) { return "", nil }

// Options says what to scan.
type Options struct {
	Root       string // absolute
	IgnoreFile string // a dockerignore file; empty: .dockerignore in Root, if any
	IndexFile  string // the stat index; empty: none
}

// Tree is the source as it was when it was scanned. It does not change.
type Tree struct {
	files  []File
	digest string
}

// Files is every file, folder and link, sorted by path.
func (t *Tree) Files() []File { return t.files }

// Digest is 64 hex digits over everything of the tree that counts.
func (t *Tree) Digest() string { return t.digest }

// Scan reads the tree below o.Root.
func Scan(ctx context.Context, o Options) (*Tree, error) { return nil, nil }
