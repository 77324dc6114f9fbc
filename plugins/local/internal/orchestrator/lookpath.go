package orchestrator

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// lookPath finds a command as a shell would: in the folders of path, or below
// dir where name has a slash. It is the step's PATH that counts, not ours.
func lookPath(name, path, dir string) (string, error) {
	if name == "" {
		return "", errors.New("the command is empty")
	}
	if filepath.Base(name) != name {
		full := name
		if !filepath.IsAbs(full) {
			full = filepath.Join(dir, name)
		}
		if err := executable(full); err != nil {
			return "", fmt.Errorf("command %s: %w", name, err)
		}
		return full, nil
	}
	for _, folder := range filepath.SplitList(path) {
		if folder == "" {
			folder = "."
		}
		if !filepath.IsAbs(folder) {
			folder = filepath.Join(dir, folder)
		}
		full := filepath.Join(folder, name)
		if executable(full) == nil {
			return full, nil
		}
	}
	return "", fmt.Errorf("command %s: not found in PATH (%s)", name, path)
}

func executable(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		var pathError *os.PathError
		if errors.As(err, &pathError) {
			return pathError.Err
		}
		return err
	case info.IsDir():
		return errors.New("is a directory")
	case info.Mode()&0o111 == 0:
		return errors.New("is not executable")
	}
	return nil
}
