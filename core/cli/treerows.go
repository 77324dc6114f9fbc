package cli

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// rowList is what a tree shows at one moment.
type rowList struct {
	rows []*row
	rest string // of what there was no room for, or empty
}

// widestLabel is where the names of steps are cut.
const widestLabel = 32

// lines is the rows as text. At a time of zero nothing moves any more.
func (l rowList) lines(width int, now time.Time, color bool) []string {
	label := 0
	for _, r := range l.rows {
		label = max(label, min(len([]rune(r.label)), widestLabel))
	}
	var out []string
	for _, r := range l.rows {
		out = append(out, r.line(label, width, now, color))
	}
	if l.rest != "" {
		out = append(out, cut("  "+l.rest, width-1))
	}
	return out
}

// arrange chooses what is shown on height lines: every row, or one row for all
// variants of a matrix; where that is too much, what runs, then what has
// changed last, then what comes next.
func arrange(rows []*row, height int) rowList {
	if len(rows) > height {
		rows = collapsed(rows)
	}
	if len(rows) <= height {
		return rowList{rows: rows}
	}
	chosen := make([]int, len(rows))
	for i := range rows {
		chosen[i] = i
	}
	rank := func(r *row) int {
		switch {
		case r.active():
			return 0
		case r.state == "failed":
			return 1
		case r.final() && r.state != "skipped":
			return 2
		case !r.final():
			return 3
		}
		return 4
	}
	sort.SliceStable(chosen, func(i, j int) bool {
		a, b := rows[chosen[i]], rows[chosen[j]]
		if rank(a) != rank(b) {
			return rank(a) < rank(b)
		}
		return rank(a) == 2 && a.changed > b.changed
	})
	shown, hidden := chosen[:height-1], chosen[height-1:]
	sort.Ints(shown)
	var out rowList
	for _, i := range shown {
		out.rows = append(out.rows, rows[i])
	}
	var left []*row
	for _, i := range hidden {
		left = append(left, rows[i])
	}
	out.rest = fmt.Sprintf("… %d more: %s", len(left), countStates(left))
	return out
}

// collapsed is rows with one for all variants of each matrix.
func collapsed(rows []*row) []*row {
	variants := map[string][]*row{}
	for _, r := range rows {
		if g := r.group(); g != "" {
			variants[g] = append(variants[g], r)
		}
	}
	var out []*row
	for _, r := range rows {
		g := r.group()
		switch all := variants[g]; {
		case g == "" || len(all) == 1:
			out = append(out, r)
		case all[0] == r:
			out = append(out, matrixRow(g, all))
		}
	}
	return out
}

// matrixRow is one row for all variants of a step.
func matrixRow(name string, variants []*row) *row {
	m := &row{step: true, label: name}
	count := map[string]int{}
	final, waiting := 0, 0
	for _, v := range variants {
		m.changed = max(m.changed, v.changed)
		switch {
		case v.active():
			count["running"]++
		case v.final():
			final++
			count[v.state]++
		default:
			waiting++
		}
	}
	m.counts = fmt.Sprintf("%d/%d done", final, len(variants))
	for _, state := range []string{"running", "failed", "cancelled", "skipped"} {
		if n := count[state]; n > 0 {
			m.counts += fmt.Sprintf(", %d %s", n, state)
		}
	}
	switch {
	case count["running"] > 0:
		m.state = "running"
	case waiting > 0:
		m.state = "pending"
	default:
		m.state = "succeeded"
		for _, state := range []string{"skipped", "cancelled", "failed"} {
			if count[state] > 0 {
				m.state = state
			}
		}
	}
	return m
}

// most is how many rows a tree leaves behind when it ends.
const most = 20

// ending is how everything ended: every row, or where they are too many those
// that did not go well, and how many there are of each.
func ending(rows []*row) rowList {
	if len(rows) <= most {
		return rowList{rows: rows}
	}
	var out rowList
	for _, r := range rows {
		if !r.good() && r.state != "skipped" && r.final() && len(out.rows) < most-1 {
			out.rows = append(out.rows, r)
		}
	}
	var images, steps []*row
	for _, r := range rows {
		if r.step {
			steps = append(steps, r)
		} else {
			images = append(images, r)
		}
	}
	var parts []string
	if len(images) > 0 {
		parts = append(parts, number(len(images), "image")+": "+countStates(images))
	}
	if len(steps) > 0 {
		parts = append(parts, number(len(steps), "step")+": "+countStates(steps))
	}
	out.rest = strings.Join(parts, "; ")
	return out
}

// countStates is such as 28 succeeded, 1 failed.
func countStates(rows []*row) string {
	count := map[string]int{}
	var states []string
	for _, r := range rows {
		if count[r.state]++; count[r.state] == 1 {
			states = append(states, r.state)
		}
	}
	sort.SliceStable(states, func(i, j int) bool { return count[states[i]] > count[states[j]] })
	for i, s := range states {
		states[i] = fmt.Sprintf("%d %s", count[s], s)
	}
	return strings.Join(states, ", ")
}

// number is such as 1 step or 2 steps.
func number(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
