package build

import (
	"fmt"
	"sort"
	"strings"

	"github.com/stackrun/stack/core/image"
)

// Input is one input of a key for people.
type Input struct {
	Name   string   `json:"name"`   // such as requirements, or source
	Digest string   `json:"digest"` // of everything that it holds
	Values []string `json:"values"` // what it holds, as far as it may be shown
}

// InputsOf is the inputs of a key in words, sorted by name. Of environment
// variables and arguments only the names are in it.
func InputsOf(in image.Inputs) []Input {
	out := []Input{}
	for name, value := range in {
		head, rest, _ := strings.Cut(value, "\n")
		i := Input{Name: name, Values: []string{}}
		if len(head) > 1 {
			i.Digest = head[1:] // after the letter of its kind
		}
		if rest != "" {
			i.Values = strings.Split(rest, "\n")
		}
		if strings.HasPrefix(head, "n") {
			for at, pair := range i.Values {
				i.Values[at], _, _ = strings.Cut(pair, "=") // a digest of the value follows
			}
		}
		out = append(out, i)
	}
	sort.Slice(out, func(a, b int) bool { return out[a].Name < out[b].Name })
	return out
}

// Variables is the names of the environment variables that the image has from
// its settings.
func Variables(in image.Inputs) []string {
	var names []string
	for _, i := range InputsOf(in) {
		if i.Name == "environment" || i.Name == "runtime_environment" {
			names = append(names, i.Values...)
		}
	}
	return names
}

// Short is the input on one line: what it holds where that is little, how much
// it holds otherwise.
func (i Input) Short() string {
	const few, longest = 6, 100
	text := strings.Join(i.Values, ", ")
	switch {
	case len(i.Values) == 0:
		return i.Digest
	case len(i.Values) > few || len(text) > longest:
		word := "entries"
		if i.Name == "source" {
			word = "files"
		}
		if len(i.Values) == 1 {
			return string([]rune(text)[:min(len([]rune(text)), longest-1)]) + "…"
		}
		return fmt.Sprintf("%d %s (%s)", len(i.Values), word, i.Digest[:min(len(i.Digest), 12)])
	}
	return text
}
