package python

import (
	"os"
	"path/filepath"
)

// Kind is what a detected file is.
type Kind string

// The kinds of files that say what a folder needs.
const (
	RequirementsFile Kind = "requirements"
	Pyproject        Kind = "pyproject"
)

// Detected is the file that says what a source root needs.
type Detected struct {
	Path    string // absolute; empty where there is none
	Kind    Kind
	Warning string // what may be missing from it, or empty
}

// Detect finds the nearest requirements.txt or pyproject.toml, the former
// before the latter in one folder, from the source root up to the root of its
// repository: the folder that holds .git. A pyproject.toml that only sets up
// tools is passed over.
//
// home and the root of the file system are looked in only where they are the
// source root, and nothing beyond them: what lies there by chance is not the
// flow's.
func Detect(sourceRoot, home string) (Detected, error) {
	start, err := filepath.Abs(sourceRoot)
	if err != nil {
		return Detected{}, err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		atEnd := dir == filepath.Clean(home) || dir == filepath.Dir(dir) || dir == filepath.Clean(os.TempDir())
		if atEnd && dir != start {
			return Detected{}, nil
		}
		found, err := inFolder(dir)
		if err != nil || found.Path != "" {
			return found, err
		}
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil || atEnd {
			return Detected{}, nil
		}
	}
}

func inFolder(dir string) (Detected, error) {
	if path := filepath.Join(dir, "requirements.txt"); isFile(path) {
		return Detected{Path: path, Kind: RequirementsFile}, nil
	}
	path := filepath.Join(dir, "pyproject.toml")
	if !isFile(path) {
		return Detected{}, nil
	}
	p, err := readPyproject(path, path)
	if err != nil || !p.describes() {
		return Detected{}, err
	}
	found := Detected{Path: path, Kind: Pyproject}
	if lacks := p.lacks(); lacks != "" {
		found.Warning = path + ": " + lacks
	}
	return found, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
