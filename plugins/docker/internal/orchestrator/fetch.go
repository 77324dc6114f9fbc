package orchestrator

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"github.com/stackrun/stack/sdk/driver"
)

// fetchFiles takes the outputs out of the container. One that was not made is
// left to the driver to find.
func (c *containerProcess) fetchFiles() error {
	for _, o := range c.attempt.Outputs {
		if err := c.fetch(o); err != nil {
			return fmt.Errorf("output %s: %w", o.Name, err)
		}
	}
	return nil
}

func (c *containerProcess) fetch(o driver.Output) error {
	from := outputPath(o.Name)
	for links := 0; ; links++ {
		result, err := c.client.CopyFromContainer(context.Background(), c.id, client.CopyFromContainerOptions{SourcePath: from})
		if errdefs.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("copy from the container: %w", err)
		}
		if target := result.Stat.LinkTarget; result.Stat.Mode&fs.ModeSymlink != 0 && links == 0 && target != "" {
			result.Content.Close()
			from = target // as the engine has resolved it within the container
			continue
		}
		err = unpack(result.Content, o.Path)
		return errors.Join(err, result.Content.Close())
	}
}

// unpack writes an archive of one file or folder to path. Nothing is written
// outside the folder that path is in, whatever the archive says; links in it
// are kept as they are and never followed.
func unpack(archive io.Reader, target string) error {
	root, err := os.OpenRoot(filepath.Dir(target))
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // a folder is only looked in
	base := filepath.Base(target)
	if err := root.RemoveAll(base); err != nil {
		return err
	}
	reader := tar.NewReader(archive)
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name, err := inside(base, header.Name)
		if err != nil {
			return err
		}
		// Engines write no sparse files, and one line of an archive could make
		// any size of them.
		if _, sparse := header.PAXRecords["GNU.sparse.major"]; sparse {
			return fmt.Errorf("the archive has a sparse file %q", header.Name)
		}
		if err := write(root, name, base, header, reader); err != nil {
			return err
		}
	}
}

// inside is an entry's name with the archive's top folder replaced by base.
func inside(base, name string) (string, error) {
	clean := path.Clean(strings.TrimPrefix(name, "/"))
	if !filepath.IsLocal(filepath.FromSlash(clean)) {
		return "", fmt.Errorf("the archive has an entry %q", name)
	}
	_, rest, _ := strings.Cut(clean, "/")
	return path.Join(base, rest), nil
}

func write(root *os.Root, name, base string, header *tar.Header, content io.Reader) error {
	mode := header.FileInfo().Mode().Perm()
	switch header.Typeflag {
	case tar.TypeDir:
		if err := root.Mkdir(name, mode|0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	case tar.TypeReg:
		file, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode|0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(file, content)
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
		return root.Chtimes(name, header.ModTime, header.ModTime)
	case tar.TypeSymlink:
		return root.Symlink(header.Linkname, name)
	case tar.TypeLink:
		from, err := inside(base, header.Linkname)
		if err != nil {
			return err
		}
		return root.Link(from, name)
	}
	return fmt.Errorf("%s is neither a file nor a folder nor a link", name)
}
