// Package compute is what a step may ask of a machine: cores, bytes, time and
// accelerators, with the grammar that people write them in. One name of an
// accelerator means the same everywhere; what it is called on a platform is
// that platform's plugin's business.
//
// compute is a leaf: types read text and say what is wrong with it, and know
// nothing of files and settings.
package compute

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:embed accelerators.csv
var acceleratorsText string

// Kind is gpu or tpu.
type Kind string

const (
	GPU Kind = "gpu"
	TPU Kind = "tpu"
)

// Model is a row of the catalogue of accelerators.
type Model struct {
	Name      string
	Kind      Kind
	Vendor    string
	MemoryGiB int // of one GPU or chip
	Aliases   []string
	// SuffixCounts says what the number in a TPU product's name counts, as in
	// v4-8: "cores", of which a chip has two, or "chips".
	SuffixCounts string
	Shapes       []Shape // of TPUs, smallest first
}

// Shape is a TPU slice.
type Shape struct {
	Topology string
	Chips    int
}

// catalogue reads the table once, when it is first needed.
var catalogue = sync.OnceValue(func() []Model {
	var all []Model
	for _, line := range strings.Split(acceleratorsText, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, ",")
		m := Model{Name: f[0], Kind: Kind(f[1]), Vendor: f[2], Aliases: strings.Fields(f[4]), SuffixCounts: f[5]}
		m.MemoryGiB = number(f[3])
		for _, s := range strings.Fields(f[6]) {
			topology, chips, _ := strings.Cut(s, "=")
			m.Shapes = append(m.Shapes, Shape{topology, number(chips)})
		}
		all = append(all, m)
	}
	return all
})

// number reads a number of the embedded table, which a test reads whole.
func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(fmt.Sprintf("accelerators.csv: %v", err))
	}
	return n
}

// Accelerators is the catalogue, in the order of its file.
func Accelerators() []Model { return append([]Model(nil), catalogue()...) }

// Lookup finds a model by its name or an alias, in any case.
func Lookup(name string) (Model, bool) {
	name = strings.ToLower(name)
	for _, m := range catalogue() {
		if m.Name == name {
			return m, true
		}
		for _, a := range m.Aliases {
			if a == name {
				return m, true
			}
		}
	}
	return Model{}, false
}

// Names is the name of every model, and the names that stand for any.
func Names() []string {
	names := []string{"cpu", "gpu"}
	for _, m := range catalogue() {
		names = append(names, m.Name)
	}
	return names
}
