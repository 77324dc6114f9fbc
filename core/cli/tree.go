package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/stackrun/stack/core/diag"
)

// tree shows lines that change in place on a terminal: one for each build or
// step, with its state and time. Text that has to stay is printed above it.
type tree struct {
	mu    sync.Mutex
	w     io.Writer
	width func() int
	now   func() time.Time
	color bool

	order []string
	rows  map[string]*row
	drawn int // lines on the screen that belong to the tree
	stop  chan struct{}
	done  sync.WaitGroup
}

// row is one line of a tree.
type row struct {
	label, state, note string
	started, ended     time.Time
}

// newTree draws on w, and keeps running times moving until close is called.
func newTree(w io.Writer, width func() int, now func() time.Time, color bool) *tree {
	t := &tree{w: w, width: width, now: now, color: color, rows: map[string]*row{}, stop: make(chan struct{})}
	t.done.Add(1)
	go func() {
		defer t.done.Done()
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-t.stop:
				return
			case <-tick.C:
				t.mu.Lock()
				t.draw()
				t.mu.Unlock()
			}
		}
	}()
	return t
}

// terminalWidth is the width of f in columns.
func terminalWidth(fd uintptr) func() int {
	return func() int {
		width, _, err := term.GetSize(int(fd))
		if err != nil || width < 20 {
			return 80
		}
		return width
	}
}

// set changes the row id, and adds it when it is new.
func (t *tree) set(id, label, state, note string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.rows[id]
	if r == nil {
		r = &row{}
		t.rows[id] = r
		t.order = append(t.order, id)
	}
	active := state == "running" || state == "starting" || state == "building"
	if active && r.started.IsZero() {
		r.started = t.now()
	}
	if !active && !r.started.IsZero() && r.ended.IsZero() && state != "pending" && state != "queued" {
		r.ended = t.now()
	}
	if active && !r.ended.IsZero() { // a new attempt
		r.started, r.ended = t.now(), time.Time{}
	}
	r.label, r.state, r.note = label, state, note
}

// print writes text that stays, above the tree.
func (t *tree) print(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.erase()
	fmt.Fprintln(t.w, text)
	t.draw()
}

// close draws the last state and leaves it on the screen.
func (t *tree) close() {
	close(t.stop)
	t.done.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.draw()
	t.drawn = 0
}

func (t *tree) erase() {
	if t.drawn > 0 {
		fmt.Fprintf(t.w, "\x1b[%dA\x1b[J", t.drawn)
		t.drawn = 0
	}
}

// most is how many rows are drawn at once; more would scroll off a screen.
const most = 20

func (t *tree) draw() {
	t.erase()
	var b strings.Builder
	ids := t.order
	hidden := 0
	if len(ids) > most { // keep those that move
		var moving []string
		for _, id := range ids {
			if t.rows[id].ended.IsZero() && t.rows[id].state != "skipped" && t.rows[id].state != "pending" {
				moving = append(moving, id)
			}
		}
		if len(moving) > most {
			moving = moving[:most]
		}
		hidden, ids = len(ids)-len(moving), moving
	}
	width := t.width()
	for _, id := range ids {
		fmt.Fprintln(&b, t.line(t.rows[id], width))
		t.drawn++
	}
	if hidden > 0 {
		fmt.Fprintf(&b, "  … and %d more\n", hidden)
		t.drawn++
	}
	_, _ = io.WriteString(t.w, b.String()) // a terminal that is gone ends the process by a signal
}

func (t *tree) line(r *row, width int) string {
	marks := map[string][2]string{
		"succeeded": {"✓", "\x1b[32m"}, "reuse": {"✓", "\x1b[32m"}, "built": {"✓", "\x1b[32m"},
		"failed": {"✗", "\x1b[31m"}, "cancelled": {"✗", "\x1b[33m"}, "skipped": {"-", "\x1b[2m"},
		"pending": {"·", "\x1b[2m"}, "queued": {"·", "\x1b[2m"},
	}
	mark, ok := marks[r.state]
	if !ok {
		frames := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
		mark = [2]string{string(frames[int(t.now().UnixMilli()/100)%len(frames)]), "\x1b[36m"}
	}
	took := ""
	if !r.started.IsZero() {
		end := r.ended
		if end.IsZero() {
			end = t.now()
		}
		took = seconds(end.Sub(r.started))
	}
	text := fmt.Sprintf("%-20s %-10s %7s  %s", r.label, r.state, took, r.note)
	runes := []rune(diag.Printable(text))
	if len(runes) > width-4 {
		runes = append(runes[:width-5], '…')
	}
	text = strings.TrimRight(string(runes), " ")
	if !t.color {
		return "  " + mark[0] + " " + text
	}
	return "  " + mark[1] + mark[0] + "\x1b[0m " + text
}

// seconds is d for people: 0.4s, 12.3s, 3m05s, 2h03m.
func seconds(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}
