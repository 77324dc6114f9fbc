package source

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"sort"
	"time"
)

// WriteTar writes files as a tar archive that depends on nothing but them:
// sorted by path, times at 1970, owner 0, modes 0755 for folders and
// executables and 0644 for the rest. It fails if the content of a file is no
// longer the one that its digest names, and if two have one path.
func WriteTar(w io.Writer, files []File) error {
	sorted := append([]File(nil), files...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i].Path < sorted[j].Path })
	t := tar.NewWriter(w)
	for i, f := range sorted {
		if i > 0 && sorted[i-1].Path == f.Path {
			return fmt.Errorf("archive %q: it is there twice", f.Path)
		}
		if err := writeFile(t, f); err != nil {
			return fmt.Errorf("archive %q: %w", f.Path, err)
		}
	}
	if err := t.Close(); err != nil {
		return fmt.Errorf("finish the archive: %w", err)
	}
	return nil
}

func writeFile(t *tar.Writer, f File) error {
	h := &tar.Header{Name: f.Path, Mode: 0o644, ModTime: time.Unix(0, 0).UTC()}
	switch f.Type {
	case Directory:
		h.Typeflag, h.Name, h.Mode = tar.TypeDir, f.Path+"/", 0o755
		return t.WriteHeader(h)
	case Link:
		h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, f.Target, 0o777
		return t.WriteHeader(h)
	}
	h.Typeflag, h.Size = tar.TypeReg, f.Size
	if f.Source == "" {
		h.Size = int64(len(f.Content))
	}
	if f.Exec {
		h.Mode = 0o755
	}
	if err := t.WriteHeader(h); err != nil {
		return err
	}
	content, err := Open(f)
	if err != nil {
		return err
	}
	defer content.Close()
	_, err = io.Copy(t, content)
	return err
}

// Open gives the content of a regular file. Where f has a digest, the reader
// ends with an error in place of io.EOF when the content is another one.
func Open(f File) (io.ReadCloser, error) {
	var r io.ReadCloser = io.NopCloser(bytes.NewReader(f.Content))
	if f.Source != "" {
		file, err := os.Open(f.Source)
		if err != nil {
			return nil, err
		}
		r = file
	}
	if f.Digest == "" {
		return r, nil
	}
	return &checked{ReadCloser: r, file: f, sum: sha256.New()}, nil
}

// checked is content that is compared with its digest at its end.
type checked struct {
	io.ReadCloser
	file File
	sum  hash.Hash
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.sum.Write(p[:n])
	if err == io.EOF && hex.EncodeToString(c.sum.Sum(nil)) != c.file.Digest {
		return n, fmt.Errorf("the file %q has changed since it was planned", c.file.Path)
	}
	return n, err
}

// Bytes makes a file of content that is not on this machine.
func Bytes(path string, content []byte, exec bool) File {
	sum := sha256.Sum256(content)
	return File{Path: path, Content: content, Type: Regular, Exec: exec, Size: int64(len(content)), Digest: hex.EncodeToString(sum[:])}
}
