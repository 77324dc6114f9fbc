package orchestrator

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/stackrun/stack/sdk/driver"
)

// gather makes a folder with an entry for each source. Entries are real files
// and folders, since many programs do not follow links to folders; the files
// are hard links where the file system has them.
func gather(dir string, sources []driver.InputSource) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, source := range sources {
		if !plainName(source.Entry) {
			return fmt.Errorf("%q cannot be the name of a file", source.Entry)
		}
		if err := link(source.Path, filepath.Join(dir, source.Entry)); err != nil {
			return err
		}
	}
	return nil
}

// link makes target the same tree as source.
func link(source, target string) error {
	return filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		to := filepath.Join(target, below)
		info, err := entry.Info()
		if err != nil {
			return err
		}
		switch {
		case entry.IsDir():
			return os.MkdirAll(to, info.Mode().Perm()|0o700)
		case info.Mode()&fs.ModeSymlink != 0:
			to2, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(to2, to)
		case info.Mode().IsRegular():
			if os.Link(path, to) == nil {
				return nil
			}
			return copyFile(path, to, info.Mode().Perm())
		}
		return nil // sockets and the like are no data
	})
}

func copyFile(from, to string, mode fs.FileMode) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	_, err = io.Copy(target, source)
	return err
}
