package orchestrator

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/moby/moby/client"

	"github.com/stackrun/stack/sdk"
)

// sendFiles puts the inputs into the container, and folders for the outputs
// that any user may write to.
func (c *containerProcess) sendFiles(ctx context.Context) error {
	reader, writer := io.Pipe()
	packed := make(chan error, 1)
	go func() {
		err := c.pack(writer)
		_ = writer.CloseWithError(err) // never fails
		packed <- err
	}()
	_, err := c.client.CopyToContainer(ctx, c.id, client.CopyToContainerOptions{DestinationPath: "/", Content: reader})
	_ = reader.CloseWithError(io.ErrClosedPipe) // never fails
	if packErr := <-packed; packErr != nil && err == nil {
		err = packErr
	}
	if err != nil {
		return fmt.Errorf("send inputs to the container: %w", err)
	}
	return nil
}

// pack writes the archive of what belongs below /.
func (c *containerProcess) pack(w io.Writer) error {
	p := packer{tar.NewWriter(w)}
	for _, dir := range []struct {
		path string
		mode int64
	}{{filesDir, 0o755}, {inputsDir, 0o755}, {outputsDir, 0o777}} {
		if err := p.folder(dir.path, dir.mode); err != nil {
			return err
		}
	}
	for _, o := range c.attempt.Outputs {
		if o.Type == sdk.OutputDirectory {
			if err := p.folder(outputPath(o.Name), 0o777); err != nil {
				return err
			}
		}
	}
	for _, in := range c.attempt.Inputs {
		if in.Many {
			if err := p.folder(inputPath(in.Name), 0o755); err != nil {
				return err
			}
		}
		for _, source := range in.Sources {
			to := inputPath(in.Name)
			if in.Many {
				if source.Entry == "" || source.Entry == "." || source.Entry == ".." || strings.ContainsAny(source.Entry, "/\x00") {
					return fmt.Errorf("input %s: %q cannot be the name of a file", in.Name, source.Entry)
				}
				to = path.Join(to, source.Entry)
			}
			if err := p.tree(source.Path, to); err != nil {
				return fmt.Errorf("input %s: %w", in.Name, err)
			}
		}
	}
	return p.Close()
}

type packer struct{ *tar.Writer }

func (p packer) folder(name string, mode int64) error {
	return p.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: strings.TrimPrefix(name, "/") + "/", Mode: mode, ModTime: time.Now()})
}

// tree writes a file or folder such that any user can read it. Links stay
// links; what is neither is no data.
func (p packer) tree(source, to string) error {
	return filepath.WalkDir(source, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		below, err := filepath.Rel(source, file)
		if err != nil {
			return err
		}
		header := &tar.Header{
			Name:    strings.TrimPrefix(path.Join(to, filepath.ToSlash(below)), "/"),
			ModTime: info.ModTime(), Mode: int64(info.Mode().Perm()) | 0o444, Format: tar.FormatPAX,
		}
		switch {
		case info.IsDir():
			header.Typeflag, header.Mode = tar.TypeDir, header.Mode|0o111
			header.Name += "/"
			return p.WriteHeader(header)
		case info.Mode()&fs.ModeSymlink != 0:
			header.Typeflag = tar.TypeSymlink
			if header.Linkname, err = os.Readlink(file); err != nil {
				return err
			}
			return p.WriteHeader(header)
		case info.Mode().IsRegular():
			header.Typeflag, header.Size = tar.TypeReg, info.Size()
			if err := p.WriteHeader(header); err != nil {
				return err
			}
			return p.contents(file)
		}
		return nil
	})
}

func (p packer) contents(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(p, file)
	return err
}
