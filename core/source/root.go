package source

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// StateFolder marks a source root and holds what stack keeps about it.
const StateFolder = ".stack"

// FindRoot is the source root of a flow: the nearest folder, upwards from the
// one that holds flowFile, that has a folder .stack in it; else the flow's own
// folder. It is absolute, and links on the way to it are kept as given.
//
// Ceilings are folders, such as the user's home, that only a flow directly in
// them has as its root: what another program keeps in ~/.stack must not make
// all of the home the source.
func FindRoot(flowFile string, ceilings ...string) (string, error) {
	abs, err := filepath.Abs(flowFile)
	if err != nil {
		return "", fmt.Errorf("find the source root of %s: %w", flowFile, err)
	}
	own := filepath.Dir(abs)
	for dir := own; ; {
		if dir != own && slices.Contains(ceilings, dir) {
			return own, nil
		}
		if info, err := os.Stat(filepath.Join(dir, StateFolder)); err == nil && info.IsDir() {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return own, nil
		}
		dir = parent
	}
}

// neverSource reports whether an entry of this name is no source, wherever it
// is and whatever it is: .git may be a folder or, in work trees and
// submodules, a file with a path of this machine in it.
func neverSource(name string) bool { return name == ".git" || name == StateFolder }
