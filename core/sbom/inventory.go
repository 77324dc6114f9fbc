package sbom

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"
)

// Inventory is what an image consists of.
type Inventory struct {
	// Distribution is the operating system's, such as debian and 12; empty where
	// the image does not say.
	Distribution, Version string
	Packages              []Package // sorted by PURL, each once
	// Unlisted is package databases that were seen and cannot be read, such as
	// "var/lib/rpm/rpmdb.sqlite (RPM)".
	Unlisted []string
}

// Package is one package of an image.
type Package struct {
	Name    string
	Version string
	PURL    string
	License string // an SPDX expression that the package declares, or empty
	// Locations is where the image says so: paths of package databases or
	// metadata, sorted.
	Locations []string
}

// atOnce is how many layers are read at the same time: they are unpacked, which
// takes a processor each.
const atOnce = 4

// Read reads an image's inventory. progress is called when a layer has been read,
// with how many have been; it may be nil.
//
// However large the image is made, reading it takes bounded memory: of each file
// the fields that are needed are kept, and an image of which that is too much is
// an error that names the layer.
func Read(ctx context.Context, im v1.Image, progress func(read, layers int)) (Inventory, error) {
	return read(ctx, im, newBudget(largestImage), progress)
}

func read(ctx context.Context, im v1.Image, memory *budget, progress func(read, layers int)) (Inventory, error) {
	layers, err := im.Layers()
	if err != nil {
		return Inventory{}, fmt.Errorf("read the list of layers: %w", err)
	}
	all := make([]scanned, len(layers))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	var mu sync.Mutex
	done := 0
	for i, layer := range layers {
		group.Go(func() error {
			var err error
			if all[i], err = scan(groupCtx, layer, database, memory); err != nil {
				return fmt.Errorf("read layer %d of %d: %w", i+1, len(layers), err)
			}
			mu.Lock()
			defer mu.Unlock()
			if done++; progress != nil {
				progress(done, len(layers))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return Inventory{}, err
	}
	found := newFiles(database, memory)
	for i, layer := range layers {
		if err := found.apply(ctx, layer, all[i]); err != nil {
			return Inventory{}, fmt.Errorf("read layer %d of %d: %w", i+1, len(layers), err)
		}
		memory.give(all[i].names)
		all[i] = scanned{} // large images have many entries
	}
	return found.inventory(), nil
}

// database is name where it is that of a file which says which packages there are.
func database(name string) string {
	if isRelease(name) || isDebian(name) || isAlpine(name) || isPython(name) || isUnlisted(name) != "" {
		return name
	}
	return ""
}

func (f *files) inventory() Inventory {
	system := f.release()
	out := Inventory{Distribution: system.id, Version: system.version}
	known := map[string]int{}
	for _, name := range f.names() {
		var found []Package
		switch content := f.content[name]; {
		case isDebian(name):
			found = debianPackages(content, system)
		case isAlpine(name):
			found = alpinePackages(content, system)
		case isPython(name) && !isCached(name):
			found = pythonDistribution(content)
		default:
			if kind := isUnlisted(name); kind != "" {
				out.Unlisted = append(out.Unlisted, name+" ("+kind+")")
			}
		}
		for _, p := range found {
			at, twice := known[p.PURL]
			if !twice {
				at = len(out.Packages)
				known[p.PURL] = at
				out.Packages = append(out.Packages, p)
			}
			if locations := out.Packages[at].Locations; !slices.Contains(locations, name) {
				out.Packages[at].Locations = append(locations, name)
			}
		}
	}
	slices.SortFunc(out.Packages, func(a, b Package) int { return strings.Compare(a.PURL, b.PURL) })
	return out
}

// isUnlisted is the kind of a package database that is not read, or empty.
func isUnlisted(name string) string {
	switch dir, base := path.Split(name); {
	case (dir == "var/lib/rpm/" || dir == "usr/lib/sysimage/rpm/") && (base == "rpmdb.sqlite" || base == "Packages" || base == "Packages.db"):
		return "RPM"
	case strings.HasSuffix(dir, "/conda-meta/") && base == "history":
		return "Conda"
	}
	return ""
}
