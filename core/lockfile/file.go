package lockfile

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/stackrun/stack/core/diag"
)

// FileName is the name of the file, beside stacks.hcl.
const FileName = "stack.lock.hcl"

// Base is the entry of one base image.
type Base struct {
	Reference string   // as Meant gives it
	Digest    string   // sha256:… of its index, or of its manifest
	Platforms []string // that the digest is known to be for, sorted
	// Range is where the digest is written; zero for an entry that was not read.
	Range diag.Range
}

// Covers reports whether the entry is known to be for all platforms.
func (b Base) Covers(platforms []string) bool {
	for _, p := range platforms {
		if !slices.Contains(b.Platforms, p) {
			return false
		}
	}
	return true
}

// File is the content of a lock. It is not changed once made; the zero value is
// an empty one.
type File struct {
	bases   []Base // sorted by reference
	plugins []block
}

// Bases is all entries of base images, sorted by reference.
func (f File) Bases() []Base { return slices.Clone(f.bases) }

// Base is the entry of a reference, as Meant gives it.
func (f File) Base(reference string) (Base, bool) {
	for _, b := range f.bases {
		if b.Reference == reference {
			return b, true
		}
	}
	return Base{}, false
}

// Change is how an entry differs from what it was: new, gone, or of another
// digest or other platforms.
type Change struct {
	Reference string `json:"reference"`
	// Old and New are digests; empty where the entry is new or gone.
	Old string `json:"old"`
	New string `json:"new"`
	// Platforms is those of the entry now; of one that is gone, what it had.
	Platforms []string `json:"platforms"`

	platformsOnly string
}

// String is such as "~ python:3.12-slim (sha256:0a1b… → sha256:2c3d…)", with the
// first twelve digits of each digest.
func (c Change) String() string {
	switch {
	case c.Old == "":
		return fmt.Sprintf("+ %s (%s)", c.Reference, short(c.New))
	case c.New == "":
		return fmt.Sprintf("- %s (%s)", c.Reference, short(c.Old))
	case c.Old == c.New:
		return fmt.Sprintf("~ %s (platforms: %s → %s)", c.Reference, c.platformsOnly, strings.Join(c.Platforms, ", "))
	}
	return fmt.Sprintf("~ %s (%s → %s)", c.Reference, short(c.Old), short(c.New))
}

// short is a digest for people.
func short(digest string) string {
	algorithm, hex, _ := strings.Cut(digest, ":")
	if len(hex) > 12 {
		return algorithm + ":" + hex[:12] + "…"
	}
	return digest
}

// With is f with entries in place of those of the same references, and without
// those that are gone. All others stay. The changes are sorted by reference.
func (f File) With(entries []Base, gone []string) (File, []Change) {
	out := File{plugins: f.plugins}
	changes := []Change{}
	replaced := map[string]bool{}
	for _, e := range entries {
		e.Platforms = slices.Compact(slices.Sorted(slices.Values(e.Platforms)))
		replaced[e.Reference] = true
		old, known := f.Base(e.Reference)
		out.bases = append(out.bases, e)
		if !known || old.Digest != e.Digest || !slices.Equal(old.Platforms, e.Platforms) {
			changes = append(changes, Change{Reference: e.Reference, Old: old.Digest, New: e.Digest, Platforms: e.Platforms,
				platformsOnly: strings.Join(old.Platforms, ", ")})
		}
	}
	for _, b := range f.bases {
		switch {
		case replaced[b.Reference]:
		case slices.Contains(gone, b.Reference):
			changes = append(changes, Change{Reference: b.Reference, Old: b.Digest, Platforms: b.Platforms})
		default:
			out.bases = append(out.bases, b)
		}
	}
	sort.Slice(out.bases, func(i, j int) bool { return out.bases[i].Reference < out.bases[j].Reference })
	sort.Slice(changes, func(i, j int) bool { return changes[i].Reference < changes[j].Reference })
	return out, changes
}
