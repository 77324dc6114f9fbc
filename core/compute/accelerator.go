package compute

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/stackrun/stack/core/diag"
)

// Accelerator is a request for GPUs or TPU chips. The zero Accelerator asks
// for none.
type Accelerator struct {
	Name     string // of the catalogue, or "gpu" for any GPU
	Count    int    // GPUs, or TPU chips
	Topology string // of a TPU slice, such as 2x2x2
	Spot     bool   // written as :spot
}

// Kind is the kind of the accelerator, empty for none.
func (a Accelerator) Kind() Kind {
	if a.Name == "gpu" {
		return GPU
	}
	m, _ := Lookup(a.Name)
	return m.Kind
}

// String is the canonical form, which reads back as the same request.
func (a Accelerator) String() string {
	text := "cpu"
	switch {
	case a.Topology != "":
		text = a.Name + ":" + a.Topology
	case a.Name != "":
		text = fmt.Sprintf("%s:%d", a.Name, a.Count)
	}
	if a.Spot {
		text += ":spot"
	}
	return text
}

// MarshalText is String.
func (a Accelerator) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what ParseAccelerator does.
func (a *Accelerator) UnmarshalText(text []byte) error {
	parsed, err := ParseAccelerator(string(text))
	if err == nil {
		*a = parsed
	}
	return err
}

// JSONSchema describes the grammar to editors.
func (Accelerator) JSONSchema() map[string]any {
	return map[string]any{"type": "string", "examples": []any{"h100", "h100:8", "l4", "gpu:2", "tpu-v6e:8", "tpu-v5p:2x2x2", "cpu"}}
}

// GrammarError is text that cannot be read, with a way out.
type GrammarError struct {
	Message string
	Way     string
}

func (e *GrammarError) Error() string { return e.Message }

// Suggestion is what to write instead, or empty.
func (e *GrammarError) Suggestion() string { return e.Way }

var (
	topologyPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[1-9][0-9]{0,3}(x[1-9][0-9]{0,3}){1,2}$`) })
	countPattern    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[1-9][0-9]{0,4}$`) })
	timesPattern    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(.+[a-z0-9])x([1-9][0-9]{0,3})$`) })
	suffixPattern   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(.+)-([1-9][0-9]{0,4})$`) })
)

// ParseAccelerator reads a request, in any case: a name (h100), a name and a
// count (h100:8, gpu:2; chips for TPUs), a TPU and its topology
// (tpu-v5p:2x2x2), "cpu" for none; ":spot" may follow. h100x8 and tpu-v6e-8 are
// read too. A TPU name with a suffix that could count cores or chips is an
// error that gives both exact spellings. The error is a *GrammarError.
func ParseAccelerator(text string) (Accelerator, error) {
	t := strings.ToLower(strings.TrimSpace(text))
	t, spot := strings.CutSuffix(t, ":spot")
	if t == "cpu" || t == "none" {
		return Accelerator{Spot: spot}, nil
	}
	for _, prefix := range []string{"gpu:", "tpu:"} { // Kinetic: gpu:l4, tpu:v6e
		rest, ok := strings.CutPrefix(t, prefix)
		if ok && !countPattern().MatchString(rest) {
			t = rest
		}
	}
	name, quantity, _ := strings.Cut(t, ":")
	a, err := named(name, quantity, text)
	a.Spot = spot
	return a, err
}

func named(name, quantity, text string) (Accelerator, error) {
	if name == "gpu" {
		return counted(Accelerator{Name: "gpu"}, quantity, text)
	}
	if m, ok := Lookup(name); ok {
		if m.Kind == TPU {
			return slice(m, quantity, text)
		}
		return counted(Accelerator{Name: m.Name}, quantity, text)
	}
	if quantity == "" {
		if parts := timesPattern().FindStringSubmatch(name); parts != nil {
			if m, ok := Lookup(parts[1]); ok && m.Kind == GPU || parts[1] == "gpu" {
				return named(parts[1], parts[2], text)
			}
		}
		if parts := suffixPattern().FindStringSubmatch(name); parts != nil {
			if m, ok := Lookup(parts[1]); ok && m.Kind == TPU {
				return suffixed(m, parts[2], text)
			}
		}
	}
	way := diag.DidYouMean(name, Names())
	if way == "" {
		way = "such as h100:8, l4, gpu:2, tpu-v6e:8 or cpu"
	}
	return Accelerator{}, &GrammarError{fmt.Sprintf("unknown accelerator %q", text), way}
}

// counted reads a number of GPUs.
func counted(a Accelerator, quantity, text string) (Accelerator, error) {
	if quantity == "" {
		a.Count = 1
		return a, nil
	}
	if !countPattern().MatchString(quantity) {
		return Accelerator{}, &GrammarError{fmt.Sprintf("accelerator %q: %q is not a number of GPUs", text, quantity), "write " + a.Name + ":1"}
	}
	a.Count, _ = strconv.Atoi(quantity) // five digits at most, by the pattern
	return a, nil
}

// slice reads the chips or topology of a TPU.
func slice(m Model, quantity, text string) (Accelerator, error) {
	a := Accelerator{Name: m.Name}
	shapes := make([]string, len(m.Shapes))
	for i, s := range m.Shapes {
		shapes[i] = fmt.Sprintf("%d (%s)", s.Chips, s.Topology)
	}
	allowed := fmt.Sprintf("%s has slices of %s chips", m.Name, strings.Join(shapes, ", "))
	switch {
	case quantity == "":
		a.Count = m.Shapes[0].Chips
		return a, nil
	case topologyPattern().MatchString(quantity):
		for _, s := range m.Shapes {
			if s.Topology == quantity {
				a.Count, a.Topology = s.Chips, s.Topology
				return a, nil
			}
		}
		return Accelerator{}, &GrammarError{fmt.Sprintf("accelerator %q: %s has no topology %s", text, m.Name, quantity), allowed}
	case countPattern().MatchString(quantity):
		for _, s := range m.Shapes {
			if strconv.Itoa(s.Chips) == quantity {
				a.Count = s.Chips
				return a, nil
			}
		}
		return Accelerator{}, &GrammarError{fmt.Sprintf("accelerator %q: %s has no slice of %s chips", text, m.Name, quantity), allowed}
	}
	return Accelerator{}, &GrammarError{fmt.Sprintf("accelerator %q: %q is neither a number of chips nor a topology", text, quantity), allowed}
}

// suffixed reads a TPU product's name, such as v6e-8, where its number has one
// reading.
func suffixed(m Model, number, text string) (Accelerator, error) {
	if m.SuffixCounts == "chips" {
		return slice(m, number, text)
	}
	n, _ := strconv.Atoi(number) // five digits at most, by the pattern
	return Accelerator{}, &GrammarError{
		fmt.Sprintf("accelerator %q could count cores or chips", text),
		fmt.Sprintf("write %s:%d for %d cores, or %s:%d for %d chips", m.Name, n/2, n, m.Name, n, n),
	}
}
