package sbom

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// asked is the name of the database that a file is read as, or empty where it is
// none. A hard link has another name than what it links to.
type asked func(name string) string

// files is those files of an image that are asked for, as the layers read so far
// leave them.
type files struct {
	wanted  asked
	memory  *budget
	content map[string][]byte // by path without a leading slash
	below   map[string]int    // how many of them are below a folder
}

func newFiles(wanted asked, memory *budget) *files {
	return &files{wanted: wanted, memory: memory, content: map[string][]byte{}, below: map[string]int{}}
}

// scanned is what a layer does: what it removes of the layers below it, and which
// wanted files it has. Layers can be scanned in any order, and at the same time.
type scanned struct {
	entries []scannedEntry
	added   map[string][]byte
	links   map[string]string // hard links, by name
	names   int               // the memory that entries take
}

type scannedEntry struct {
	name string
	kind byte
}

// entrySize is what an entry takes beside its name.
const entrySize = 32

// scan reads a layer, for which it takes some of the memory.
func scan(ctx context.Context, layer v1.Layer, wanted asked, memory *budget) (out scanned, err error) {
	stream, err := layer.Uncompressed()
	if err != nil {
		return scanned{}, err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	out = scanned{added: map[string][]byte{}, links: map[string]string{}}
	archive := tar.NewReader(stream)
	for {
		if err := ctx.Err(); err != nil {
			return scanned{}, err
		}
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return scanned{}, fmt.Errorf("read archive: %w", err)
		}
		name := cleaned(header.Name)
		database := wanted(name)
		removes := strings.HasPrefix(path.Base(name), whiteout)
		if header.Typeflag != tar.TypeDir || removes || database != "" { // other folders hide nothing
			size := len(name) + len(header.Linkname) + entrySize
			if err := memory.take(size); err != nil {
				return scanned{}, err
			}
			out.names += size
			out.entries = append(out.entries, scannedEntry{name, header.Typeflag})
		}
		if removes || database == "" {
			continue
		}
		memory.give(len(out.added[name]))
		delete(out.added, name)
		delete(out.links, name)
		switch header.Typeflag {
		case tar.TypeReg:
			content, err := kept(database, archive)
			if err == nil {
				err = memory.take(len(content))
			}
			if err != nil {
				return scanned{}, fmt.Errorf("read %s: %w", name, err)
			}
			out.added[name] = bytes.Clone(content) // it has room for more
		case tar.TypeLink:
			out.links[name] = cleaned(header.Linkname)
		}
	}
	// The digest of a layer is checked at its end, which is behind the archive's.
	_, err = io.Copy(io.Discard, stream)
	return out, err
}

// apply puts one more layer on top. A layer's whiteouts hide what is in the
// layers below it, never what is in the layer itself.
func (f *files) apply(ctx context.Context, layer v1.Layer, s scanned) error {
	for _, e := range s.entries {
		f.hide(e.name, e.kind)
	}
	added := maps.Clone(s.added)
	missing := map[string]string{}
	for name, target := range s.links {
		if content, ok := s.added[target]; ok {
			added[name] = content
		} else {
			missing[target] = f.wanted(name)
		}
	}
	if len(missing) > 0 { // hard links to files that nobody asked for by name
		targets, err := scan(ctx, layer, func(name string) string { return missing[name] }, f.memory)
		if err != nil {
			return err
		}
		f.memory.give(targets.names)
		for name, target := range s.links {
			if content, ok := targets.added[target]; ok {
				added[name] = content
			}
		}
	}
	for name, content := range added {
		if f.wanted(name) != "" {
			f.add(name, content)
		}
	}
	return nil
}

func cleaned(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// whiteout is how the names of entries begin that remove something.
const whiteout = ".wh."

// hide removes what an entry hides of the layers below (image-spec, layer.md,
// "Whiteouts").
func (f *files) hide(name string, kind byte) {
	dir, base := path.Split(name)
	dir = strings.TrimSuffix(dir, "/")
	hidden, removed := strings.CutPrefix(base, whiteout)
	switch {
	case base == whiteout+whiteout+".opq":
		f.removeBelow(dir)
	case strings.HasPrefix(base, whiteout+whiteout): // of the storage, not of the image
	case removed:
		f.remove(path.Join(dir, hidden))
		f.removeBelow(path.Join(dir, hidden))
	case kind == tar.TypeDir:
		f.remove(name)
	default:
		f.remove(name)
		f.removeBelow(name)
	}
}

func (f *files) add(name string, content []byte) {
	f.remove(name)
	f.content[name] = content
	f.count(name, 1)
}

func (f *files) remove(name string) {
	if _, ok := f.content[name]; ok {
		delete(f.content, name)
		f.count(name, -1)
	}
}

// removeBelow removes everything in a folder; "" is the root.
func (f *files) removeBelow(dir string) {
	if dir != "" && f.below[dir] == 0 {
		return // nearly always
	}
	for name := range f.content {
		if dir == "" || strings.HasPrefix(name, dir+"/") {
			f.remove(name)
		}
	}
}

func (f *files) count(name string, n int) {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if f.below[dir] += n; f.below[dir] == 0 {
			delete(f.below, dir)
		}
	}
}

// names is the paths of all files, sorted.
func (f *files) names() []string {
	var out []string
	for name := range f.content {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
