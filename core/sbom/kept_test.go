package sbom

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/stackrun/stack/core/diag"
)

// TestKept is that what is left out of a file makes no difference.
func TestKept(t *testing.T) {
	long := strings.Repeat("x", 200<<10)
	for name, c := range map[string]struct{ database, text, want string }{
		"dpkg":                       {"var/lib/dpkg/status", "\n\nPackage: a\r\nDescription: long\n Version: 9\n more\nVersion: 1\n\n\nnothing\n\nPackage: b\nVersion: 2", "Package: a\nVersion: 1\n\nPackage: b\nVersion: 2\n"},
		"apk":                        {"lib/apk/db/installed", "C:Q1x=\nP:musl\nV:1\nF:lib\nR:x\n\nP:b\nV:2\n", "P:musl\nV:1\n\nP:b\nV:2\n"},
		"metadata has a description": {"x/a.dist-info/METADATA", "Name: a\nVersion: 1\n\nName: no\n" + long, "Name: a\nVersion: 1\n"},
		"a long line":                {"x/a.dist-info/METADATA", "Summary: " + long + "\nName: a\nLicense: " + long + "Name: no\nVersion: 1", "Name: a\nVersion: 1\n"},
		"release":                    {"etc/os-release", "ID=debian\n\nX=1\n", "ID=debian\n\nX=1\n"},
		"rpm":                        {"var/lib/rpm/rpmdb.sqlite", long, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := kept(c.database, strings.NewReader(c.text))
			if err != nil || string(got) != c.want {
				t.Errorf("%q, %v, want %q", got, err, c.want)
			}
		})
	}
}

// TestLargeFiles is that the largest files of an image that is made to be
// large are read in a few megabytes, or are an error that names their layer.
func TestLargeFiles(t *testing.T) {
	spaces := strings.Repeat(" a description\n", 3<<20) // 42 MiB
	for name, c := range map[string]struct {
		entry entry
		fails bool
	}{
		"metadata":     {entry{name: "x/a-1.dist-info/METADATA", text: "Name: a\nVersion: 1\nDescription:\n" + spaces}, false},
		"status":       {entry{name: "var/lib/dpkg/status", text: "Package: a\nVersion: 1\nDescription:\n" + spaces}, false},
		"rpm":          {entry{name: "var/lib/rpm/rpmdb.sqlite", text: spaces}, false},
		"all packages": {entry{name: "var/lib/dpkg/status", text: strings.Repeat("Package: a\nVersion: 1\n\n", 1<<20)}, true},
		"release":      {entry{name: "etc/os-release", text: spaces}, true},
	} {
		t.Run(name, func(t *testing.T) {
			im := imageOf(t, layerOf(t, entry{name: "a"}), layerOf(t, c.entry))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got, err := Read(t.Context(), im, nil)
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > 32<<20 {
				t.Errorf("%d MiB are used", used>>20)
			}
			switch {
			case c.fails:
				if err == nil || !strings.Contains(err.Error(), "layer 2 of 2: read "+c.entry.name) || !strings.Contains(err.Error(), "4 MiB") {
					t.Errorf("%v", err)
				}
			case err != nil || len(got.Packages)+len(got.Unlisted) != 1:
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// TestBudget is that the files of a layer count together, those of all layers
// too, and that the layer which is too much is named.
func TestBudget(t *testing.T) {
	many := func(layer int) v1.Layer {
		var all []entry
		for i := range 1000 {
			all = append(all, entry{name: fmt.Sprintf("%d/%d.dist-info/METADATA", layer, i), text: "Name: a\nVersion: 1\n"})
		}
		return layerOf(t, all...)
	}
	files := func(layer int) v1.Layer {
		var all []entry
		for i := range 2000 {
			all = append(all, entry{name: fmt.Sprintf("data/%d-%d", layer, i)})
		}
		return layerOf(t, all...)
	}
	links := layerOf(t, entry{name: "data", text: strings.Repeat("Name: a\n", 10000)},
		entry{name: "a.dist-info/METADATA", text: "data", kind: '1'})
	for name, c := range map[string]struct {
		layers []v1.Layer
		whole  int64
		want   string // the error has it
	}{
		"little":               {[]v1.Layer{many(1), files(2), links}, 1 << 20, ""},
		"metadata, one layer":  {[]v1.Layer{many(1)}, 40 << 10, "layer 1 of 1"},
		"metadata, two layers": {[]v1.Layer{many(1), many(2)}, 100 << 10, "of 2"},
		"names":                {[]v1.Layer{files(1), files(2)}, 120 << 10, "of 2"},
		"a hard link's target": {[]v1.Layer{links}, 40 << 10, "layer 1 of 1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(t.Context(), imageOf(t, c.layers...), newBudget(c.whole), nil)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
			} else if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "of memory") {
				t.Errorf("%v, want %s", err, c.want)
			} else if list := diag.FromError(err); list[0].Code != diag.Unsupported || list[0].Suggestion == "" {
				t.Errorf("no way out: %+v", list)
			}
		})
	}
}
