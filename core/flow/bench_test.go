package flow_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stackrun/stack/core/flow"
)

// BenchmarkThousandSteps is what a command waits for before it can begin.
func BenchmarkThousandSteps(b *testing.B) {
	var text strings.Builder
	text.WriteString(head + "image: {base_image: \"python:3.11-slim\"}\nsteps:\n")
	for i := range 1000 {
		fmt.Fprintf(&text, "  s%d:\n    command: [echo, \"%d\"]\n    resources: {cpu: %d, memory: 1GiB}\n", i, i, 1+i%4)
		if i > 0 {
			fmt.Fprintf(&text, "    needs: [s%d]\n", i/2)
		}
	}
	for b.Loop() {
		f, list := flow.Parse("flow.yaml", []byte(text.String()))
		if list.HasErrors() {
			b.Fatal(list)
		}
		if _, list = flow.Expand(f, nil); list.HasErrors() {
			b.Fatal(list)
		}
	}
}
