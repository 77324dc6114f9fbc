package sbom

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// files is those files of an image that are asked for, as the layers read so far
// leave them.
type files struct {
	wanted  func(name string) bool
	content map[string][]byte // by path without a leading slash
	below   map[string]int    // how many of them are below a folder
}

// largestFile bounds a file that is read whole: a package database has some
// megabytes.
const largestFile = 256 << 20

func newFiles(wanted func(string) bool) *files {
	return &files{wanted: wanted, content: map[string][]byte{}, below: map[string]int{}}
}

// apply puts one more layer on top. A layer's whiteouts hide what is in the
// layers below it, never what is in the layer itself.
func (f *files) apply(ctx context.Context, layer v1.Layer) error {
	added, links, err := f.read(ctx, layer, f.wanted, true)
	if err != nil {
		return err
	}
	missing := map[string]bool{}
	for name, target := range links {
		if content, ok := added[target]; ok {
			added[name] = content
		} else if content, ok := f.content[target]; ok {
			added[name] = content
		} else {
			missing[target] = true
		}
	}
	if len(missing) > 0 { // hard links to files that nobody asked for by name
		targets, _, err := f.read(ctx, layer, func(name string) bool { return missing[name] }, false)
		if err != nil {
			return err
		}
		for name, target := range links {
			if content, ok := targets[target]; ok {
				added[name] = content
			}
		}
	}
	for name, content := range added {
		f.add(name, content)
	}
	return nil
}

// read is the wanted files of a layer, and the hard links among them. With hide
// what the layer removes is removed.
func (f *files) read(ctx context.Context, layer v1.Layer, wanted func(string) bool, hide bool) (added map[string][]byte, links map[string]string, err error) {
	stream, err := layer.Uncompressed()
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	added, links = map[string][]byte{}, map[string]string{}
	archive := tar.NewReader(stream)
	for {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, fmt.Errorf("read archive: %w", err)
		}
		name := cleaned(header.Name)
		if hide && f.hides(name, header.Typeflag) || !wanted(name) {
			continue
		}
		delete(added, name)
		delete(links, name)
		switch header.Typeflag {
		case tar.TypeReg:
			if header.Size > largestFile {
				return nil, nil, fmt.Errorf("%s has %d bytes", name, header.Size)
			}
			if added[name], err = io.ReadAll(archive); err != nil {
				return nil, nil, fmt.Errorf("read %s: %w", name, err)
			}
		case tar.TypeLink:
			links[name] = cleaned(header.Linkname)
		}
	}
	// The digest of a layer is checked at its end, which is behind the archive's.
	_, err = io.Copy(io.Discard, stream)
	return added, links, err
}

func cleaned(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// hides removes what an entry hides of the layers below, and reports whether the
// entry is there for nothing else (image-spec, layer.md, "Whiteouts").
func (f *files) hides(name string, kind byte) bool {
	const mark = ".wh."
	dir, base := path.Split(name)
	dir = strings.TrimSuffix(dir, "/")
	hidden, whiteout := strings.CutPrefix(base, mark)
	switch {
	case base == mark+mark+".opq":
		f.removeBelow(dir)
		return true
	case strings.HasPrefix(base, mark+mark): // of the storage, not of the image
		return true
	case whiteout:
		f.remove(path.Join(dir, hidden))
		f.removeBelow(path.Join(dir, hidden))
		return true
	case kind == tar.TypeDir:
		f.remove(name)
	default:
		f.remove(name)
		f.removeBelow(name)
	}
	return false
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
