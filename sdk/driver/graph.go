package driver

import (
	"fmt"

	"github.com/stackrun/stack/sdk"
)

// graph is which steps need which, by number.
type graph struct {
	steps []sdk.Step
	needs [][]int
}

func newGraph(steps []sdk.Step) (graph, error) {
	g := graph{steps: steps, needs: make([][]int, len(steps))}
	number := make(map[string]int, len(steps))
	for i, s := range steps {
		if _, twice := number[s.Name]; twice {
			return g, fmt.Errorf("two steps are named %q", s.Name)
		}
		if len(s.Command) == 0 {
			return g, fmt.Errorf("step %q has no command", s.Name)
		}
		for _, name := range needsOf(s) {
			need, ok := number[name] // later steps are not there yet, so cycles are not either
			if !ok {
				return g, fmt.Errorf("step %q needs %q, which is no step before it", s.Name, name)
			}
			g.needs[i] = append(g.needs[i], need)
		}
		number[s.Name] = i
	}
	return g, nil
}

// needsOf is a step's needs and the steps that its inputs come from.
func needsOf(s sdk.Step) []string {
	seen := map[string]bool{}
	var out []string
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			out = append(out, name)
		}
	}
	for _, name := range s.Needs {
		add(name)
	}
	for _, in := range s.Inputs {
		for _, source := range in.Sources {
			add(source.Step)
		}
	}
	return out
}

// verdict is what the ends of a step's needs mean for it.
type verdict int

const (
	waits verdict = iota
	starts
	skips
)

// judge says whether step i may start, given how far the others are. blocked is
// set once a failure keeps steps from starting. why is a sentence for skips.
func (g graph) judge(i int, states []sdk.State, blocked string) (v verdict, why string) {
	when := g.steps[i].When
	if blocked != "" && when != sdk.WhenAlways && when != sdk.WhenFailed {
		return skips, fmt.Sprintf("step %s failed, and the flow fails fast", blocked)
	}
	ended, failed, other := 0, "", ""
	for _, need := range g.needs[i] {
		state := states[need]
		if !state.Final() {
			continue
		}
		ended++
		switch {
		case state == sdk.StateFailed:
			failed = g.steps[need].Name
		case state != sdk.StateSucceeded:
			other = fmt.Sprintf("step %s was %s", g.steps[need].Name, state)
		}
	}
	all := ended == len(g.needs[i])
	switch when {
	case sdk.WhenAlways:
		if all {
			return starts, ""
		}
	case sdk.WhenFailed:
		if all && failed != "" {
			return starts, ""
		}
		if all {
			return skips, "no step that it needs failed"
		}
	default:
		switch {
		case failed != "":
			return skips, fmt.Sprintf("step %s failed", failed)
		case other != "":
			return skips, other
		case all:
			return starts, ""
		}
	}
	return waits, ""
}
