package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// tree shows lines that change in place on a terminal: one for each build or
// step, with its state and time. Text that has to stay is printed above it.
//
// The tree never takes more than half of the screen, so that what steps write
// stays in sight. Lines are erased one by one: terminals that keep a history,
// such as tmux, would put a copy of the tree into it each time that the whole
// screen is erased.
type tree struct {
	mu    sync.Mutex
	w     io.Writer
	size  func() (width, height int)
	now   func() time.Time
	color bool

	order []string
	rows  map[string]*row
	last  int // counts changes, so that rows know which ended last
	drawn int // lines on the screen that belong to the tree
	stop  chan struct{}
	done  sync.WaitGroup
}

// newTree draws on w, and keeps running times moving until close is called.
func newTree(w io.Writer, size func() (width, height int), now func() time.Time, color bool) *tree {
	t := &tree{w: w, size: size, now: now, color: color, rows: map[string]*row{}, stop: make(chan struct{})}
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
				t.print("")
			}
		}
	}()
	return t
}

// terminalSize is the size of f in columns and lines.
func terminalSize(fd uintptr) func() (width, height int) {
	return func() (int, int) {
		width, height, err := term.GetSize(int(fd))
		if err != nil || width < 20 || height < 1 {
			return 80, 24
		}
		return width, height
	}
}

// expect adds a row for what has not begun yet, so that it is counted.
func (t *tree) expect(id, label string) { t.set(id, label, "pending", "") }

// set changes the row id, and adds it when it is new.
func (t *tree) set(id, label, state, note string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.rows[id]
	if r == nil {
		r = &row{step: strings.HasPrefix(id, stepRow)}
		t.rows[id] = r
		t.order = append(t.order, id)
	}
	t.last++
	r.label = label
	r.change(state, note, t.now(), t.last)
}

// end ends the rows of steps as the run has ended: those that ran as active
// says, and those that had not begun as skipped.
func (t *tree) end(active string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range t.order {
		r := t.rows[id]
		if !r.step || r.final() {
			continue
		}
		state := "skipped"
		if r.active() {
			state = active
		}
		t.last++
		r.change(state, "", t.now(), t.last)
	}
}

// print writes text that stays, above the tree; nothing if it is empty.
func (t *tree) print(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	width, height := t.size()
	rows := arrange(t.inOrder(), max(height/2, 4))
	t.replace(text, rows.lines(width, t.now(), t.color))
}

// close replaces the tree by how everything ended, which stays on the screen.
func (t *tree) close() {
	close(t.stop)
	t.done.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range t.order {
		if r := t.rows[id]; !r.step && !r.final() {
			t.last++
			r.change("interrupted", "", t.now(), t.last)
		}
	}
	width, _ := t.size()
	t.replace("", ending(t.inOrder()).lines(width, time.Time{}, t.color))
	t.drawn = 0
}

// inOrder is the rows of images, then those of steps.
func (t *tree) inOrder() []*row {
	var images, steps []*row
	for _, id := range t.order {
		if r := t.rows[id]; r.step {
			steps = append(steps, r)
		} else {
			images = append(images, r)
		}
	}
	return append(images, steps...)
}

// replace erases the tree, and what was typed below it, such as ^C; then it
// writes text and the tree's new lines, all at once.
func (t *tree) replace(text string, lines []string) {
	if t.drawn == 0 && text == "" && len(lines) == 0 {
		return
	}
	var b strings.Builder
	b.WriteString("\r\x1b[K" + strings.Repeat("\x1b[A\x1b[2K", t.drawn))
	if text != "" {
		b.WriteString(text + "\n")
	}
	for _, line := range lines {
		b.WriteString(line + "\n")
	}
	t.drawn = len(lines)
	_, _ = io.WriteString(t.w, b.String()) // a terminal that is gone ends the process by a signal
}

// seconds is d for people: 0.4s, 12s, 3m05s, 2h03m.
func seconds(d time.Duration) string {
	switch {
	case d < 9950*time.Millisecond:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", max(int(d.Seconds()), 10))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}
