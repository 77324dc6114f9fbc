package run

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strings"
)

// Roots remembers the source roots in which runs were started on this machine,
// so that a run is found from another folder than its own. It is a help, not
// an authority: without it, or with lines of folders that are gone, commands
// still find what is in their own project.
type Roots struct {
	File string // absolute; empty remembers nothing
}

// mostRoots is how many roots are kept; the oldest are forgotten first.
const mostRoots = 200

// Add remembers root as the latest.
func (r Roots) Add(root string) error {
	if r.File == "" || strings.ContainsAny(root, "\r\n") {
		return nil
	}
	known := r.List()
	if len(known) > 0 && known[0] == root {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(r.File), 0o755); err != nil {
		return err
	}
	var b bytes.Buffer
	b.WriteString(root + "\n")
	for i, k := range known {
		if k != root && i < mostRoots {
			b.WriteString(k + "\n")
		}
	}
	return WriteFile(r.File, b.Bytes())
}

// List is the roots, the latest first.
func (r Roots) List() []string {
	data, err := os.ReadFile(r.File)
	if err != nil {
		return nil
	}
	var out []string
	for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan(); {
		if filepath.IsAbs(s.Text()) {
			out = append(out, s.Text())
		}
	}
	return out
}
