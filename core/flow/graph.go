package flow

import (
	"slices"
	"strings"

	"github.com/stackrun/stack/core/diag"
)

// graph checks the graph of steps as a whole: circles and size.
func (p *parser) graph() {
	if _, circle := order(p.flow.Steps); circle != nil {
		last := p.byName[circle[len(circle)-2]]
		at := last.Range
		for _, e := range last.edges {
			if e.to == circle[len(circle)-1] {
				at = e.place
			}
		}
		if len(circle) == 2 {
			p.add(diag.At(at, diag.Cycle, "step %s needs itself", circle[0]))
		} else {
			p.add(diag.At(at, diag.Cycle, "steps need each other in a circle: %s", strings.Join(circle, " → ")))
		}
	}
	p.size()
}

// size bounds what the matrices make.
func (p *parser) size() {
	steps, edges := 0, 0
	count := map[string]int{}
	for i := range p.flow.Steps {
		count[p.flow.Steps[i].Name] = p.flow.Steps[i].variants()
	}
	for i := range p.flow.Steps {
		s := &p.flow.Steps[i]
		steps += count[s.Name]
		for _, need := range s.Needs {
			edges += count[s.Name] * count[need]
		}
		for _, in := range s.Inputs {
			edges += count[s.Name] * count[in.Step]
		}
		switch {
		case steps > MostSteps:
			p.add(diag.At(s.Range, diag.BadValue, "the flow has more than %d steps", MostSteps))
			return
		case edges > mostEdges:
			p.add(diag.At(s.Range, diag.BadValue, "the steps have more than %d connections", mostEdges).
				Because("Every variant of %s is connected to every variant of the steps that it needs.", s.Name).
				Try("put a step between them that gathers"))
			return
		}
	}
}

// order is the indexes of steps with needs first and else as written. Where
// there is a circle, it is that instead: names, the first one again at the end.
func order(steps []Step) (sorted []int, circle []string) {
	index := map[string]int{}
	for i, s := range steps {
		if _, twice := index[s.Name]; !twice {
			index[s.Name] = i
		}
	}
	const (
		fresh = iota
		begun
		done
	)
	state := make([]int, len(steps))
	var path []string
	var visit func(i int) bool
	visit = func(i int) bool {
		state[i] = begun
		path = append(path, steps[i].Name)
		for _, need := range steps[i].Needs {
			j, ok := index[need]
			switch {
			case !ok:
			case state[j] == begun:
				start := slices.Index(path, need)
				circle = append(slices.Clone(path[start:]), need)
				return false
			case state[j] == fresh && !visit(j):
				return false
			}
		}
		path = path[:len(path)-1]
		state[i] = done
		sorted = append(sorted, i)
		return true
	}
	for i := range steps {
		if state[i] == fresh && !visit(i) {
			return nil, circle
		}
	}
	return sorted, nil
}
