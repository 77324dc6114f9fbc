package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/stackrun/stack/core/diag"
)

// stepRow begins the ids of rows that are steps; all others are images.
const stepRow = "step "

// row is one line of a tree: a build, a step, or the variants of a matrix.
type row struct {
	step               bool
	label, state, note string
	started, ended     time.Time
	changed            int    // greater than that of rows that changed before
	counts             string // of variants, instead of a state
}

// change gives the row a new state, and keeps its times.
func (r *row) change(state, note string, now time.Time, changed int) {
	r.state, r.note, r.changed = state, note, changed
	switch {
	case r.active() && (r.started.IsZero() || !r.ended.IsZero()): // the first or a new attempt
		r.started, r.ended = now, time.Time{}
	case r.final() && !r.started.IsZero() && r.ended.IsZero():
		r.ended = now
	}
}

func (r *row) active() bool {
	return r.state == "running" || r.state == "starting" || r.state == "building"
}

func (r *row) final() bool { return !r.active() && r.state != "pending" && r.state != "queued" }

// good reports whether the row ended as it should.
func (r *row) good() bool { return r.state == "succeeded" || r.state == "reuse" || r.state == "built" }

// group is the name of the step whose variant the row is, or empty.
func (r *row) group() string {
	name, _, variant := strings.Cut(r.label, "[")
	if !r.step || !variant {
		return ""
	}
	return name
}

// mark is the row's sign and its colour. A time of zero stands still.
func (r *row) mark(now time.Time) (sign, color string) {
	switch r.state {
	case "succeeded", "reuse", "built":
		return "✓", "\x1b[32m"
	case "failed":
		return "✗", "\x1b[31m"
	case "cancelled", "interrupted":
		return "✗", "\x1b[33m"
	case "skipped":
		return "-", "\x1b[2m"
	case "pending", "queued":
		return "·", "\x1b[2m"
	}
	if now.IsZero() {
		return "→", "\x1b[36m"
	}
	frames := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
	return string(frames[int(now.UnixMilli()/100)%len(frames)]), "\x1b[36m"
}

// line is the row on a screen of that width, with labels padded to label.
func (r *row) line(label, width int, now time.Time, color bool) string {
	took := ""
	if !r.started.IsZero() {
		end := r.ended
		if end.IsZero() {
			end = now
		}
		if !end.IsZero() {
			took = seconds(end.Sub(r.started))
		}
	}
	text := fmt.Sprintf("%-*s  %-10s %7s  %s", label, cut(diag.Printable(r.label), label), r.state, took, diag.Printable(r.note))
	if r.counts != "" {
		text = fmt.Sprintf("%-*s  %s", label, cut(diag.Printable(r.label), label), r.counts)
	}
	text = strings.TrimRight(cut(text, width-5), " ")
	sign, shade := r.mark(now)
	if !color {
		return "  " + sign + " " + text
	}
	return "  " + shade + sign + "\x1b[0m " + text
}

// cut is text with at most that many characters.
func cut(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:max(most-1, 0)]) + "…"
}
