package cli

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/engine"
	"github.com/stackrun/stack/core/run"
)

// screen is a terminal of some lines that keeps what scrolls off its top. It
// knows what a tree writes, and refuses everything else.
type screen struct {
	t        *testing.T
	lines    [][]rune
	row, col int
	history  []string
}

func newScreen(t *testing.T, height int) *screen {
	return &screen{t: t, lines: make([][]rune, height)}
}

func (s *screen) Write(data []byte) (int, error) {
	text := string(data)
	for text != "" {
		switch {
		case strings.HasPrefix(text, "\x1b[A"):
			if s.row == 0 {
				s.t.Error("the tree goes above the top of the screen")
			} else {
				s.row--
			}
			text = text[3:]
		case strings.HasPrefix(text, "\x1b[2K"):
			s.lines[s.row] = nil
			text = text[4:]
		case strings.HasPrefix(text, "\x1b[K"):
			s.lines[s.row] = s.lines[s.row][:min(s.col, len(s.lines[s.row]))]
			text = text[3:]
		case text[0] == '\x1b':
			s.t.Errorf("the screen does not know %.10q", text)
			text = text[1:]
		case text[0] == '\r':
			s.col, text = 0, text[1:]
		case text[0] == '\n':
			s.col, text = 0, text[1:]
			if s.row++; s.row == len(s.lines) {
				s.history = append(s.history, string(s.lines[0]))
				s.lines = append(s.lines[1:], nil)
				s.row--
			}
		default:
			r := []rune(text)[0]
			for len(s.lines[s.row]) <= s.col {
				s.lines[s.row] = append(s.lines[s.row], ' ')
			}
			s.lines[s.row][s.col] = r
			s.col++
			text = text[len(string(r)):]
		}
	}
	return len(data), nil
}

// all is everything that was ever on the screen, without empty lines at the end.
func (s *screen) all() []string {
	out := append([]string{}, s.history...)
	for _, l := range s.lines {
		out = append(out, strings.TrimRight(string(l), " "))
	}
	for len(out) > 0 && out[len(out)-1] == "" {
		out = out[:len(out)-1]
	}
	return out
}

// shown is a view on a screen, at a time that stands still.
func shown(s *screen) *treeView {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	height := len(s.lines)
	size := func() (int, int) { return 80, height }
	return &treeView{tree: newTree(s, size, func() time.Time { return now }, false), logs: true}
}

func stepEvent(step, to string) engine.Event {
	return engine.Event{Type: engine.StepStatus, Step: step, To: to}
}

func TestTreeLeavesOnlyLogsAndTheEnd(t *testing.T) {
	s := newScreen(t, 12)
	v := shown(s)
	var want []string
	record := run.Record{ID: "r"}
	for i := range 9 {
		record.Steps = append(record.Steps, run.Step{Name: fmt.Sprintf("s%d", i)})
	}
	(&app{}).begins(v, record)
	for i := range 9 {
		name := fmt.Sprintf("s%d", i)
		v.Event(stepEvent(name, "running"))
		for n := range 5 {
			v.Event(engine.Event{Type: engine.Log, Step: name, Message: fmt.Sprint("line ", n)})
			want = append(want, fmt.Sprintf("%s | line %d", name, n))
			v.tree.mu.Lock()
			if v.tree.drawn > 6 {
				t.Errorf("the tree has %d lines of a screen of 12", v.tree.drawn)
			}
			v.tree.mu.Unlock()
		}
		v.Event(stepEvent(name, "succeeded"))
	}
	v.tree.mu.Lock()
	_, _ = s.Write([]byte("^C")) // as a terminal echoes it
	v.tree.mu.Unlock()
	v.Close()
	for i := range 9 {
		want = append(want, fmt.Sprintf("  ✓ s%d  succeeded     0.0s", i))
	}
	if diff := cmp.Diff(want, s.all()); diff != "" {
		t.Error(diff)
	}
}

func TestTreeEndsAsTheRunDoes(t *testing.T) {
	for _, tc := range []struct {
		name string
		last []engine.Event
		want []string
	}{
		{"cancelled", []engine.Event{{Type: engine.RunStatus, Run: "r", To: "cancelled"}},
			[]string{"run r: cancelled", "  ✗ app:1  interrupted    0.0s", "  ✗ a      cancelled     0.0s", "  - b      skipped"}},
		{"watched no longer", nil,
			[]string{"  ✗ app:1  interrupted    0.0s", "  → a      running", "  · b      pending"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newScreen(t, 12)
			v := shown(s)
			(&app{}).begins(v, run.Record{ID: "r", Steps: []run.Step{{Name: "a"}, {Name: "b"}}})
			v.Event(engine.Event{Type: engine.BuildProgress, Image: "r.example/app:1", To: "building"})
			v.Event(stepEvent("a", "running"))
			for _, e := range tc.last {
				v.Event(e)
			}
			v.Close()
			if diff := cmp.Diff(tc.want, s.all()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestArrange(t *testing.T) {
	steps := func(states ...string) []*row {
		var out []*row
		for i, s := range states {
			name, state, _ := strings.Cut(s, " ")
			out = append(out, &row{step: true, label: name, state: state, changed: i})
		}
		return out
	}
	var variants []string
	for i := range 30 {
		state := "pending"
		switch {
		case i < 12:
			state = "succeeded"
		case i < 16:
			state = "running"
		}
		variants = append(variants, fmt.Sprintf("train[seed=%d] %s", i, state))
	}
	for _, tc := range []struct {
		name   string
		rows   []*row
		height int
		want   []string
	}{
		{"all while there is room", steps("a succeeded", "b[x=1] succeeded", "b[x=2] pending"), 3,
			[]string{"  ✓ a       succeeded", "  ✓ b[x=1]  succeeded", "  · b[x=2]  pending"}},
		{"a matrix on one row", steps(append([]string{"prepare succeeded", "report pending"}, variants...)...), 4,
			[]string{"  ✓ prepare  succeeded", "  · report   pending", "  → train    12/30 done, 4 running"}},
		{"a matrix with failures", steps("t[a=1] failed", "t[a=2] succeeded", "t[a=3] skipped", "b running"), 3,
			[]string{"  ✗ t  3/3 done, 1 failed, 1 skipped", "  → b  running"}},
		{"what runs, then what ended last", steps("a succeeded", "b succeeded", "c running", "d succeeded", "e pending", "f running"), 4,
			[]string{"  → c  running", "  ✓ d  succeeded", "  → f  running", "  … 3 more: 2 succeeded, 1 pending"}},
		{"long names", steps("a-name-of-a-step-that-goes-on-and-on-and-on running", "b running"), 4,
			[]string{"  → a-name-of-a-step-that-goes-on-a…  running", "  → b                                 running"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := arrange(tc.rows, tc.height).lines(80, time.Time{}, false)
			if len(got) > tc.height {
				t.Errorf("%d lines on %d", len(got), tc.height)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestManyStepsEndInASummary(t *testing.T) {
	var rows []*row
	for i := range 30 {
		rows = append(rows, &row{step: true, label: fmt.Sprint("s", i), state: "succeeded"})
	}
	rows[7].state = "failed"
	rows[8].state = "skipped"
	got := ending(rows).lines(80, time.Time{}, false)
	want := []string{"  ✗ s7  failed", "  30 steps: 28 succeeded, 1 failed, 1 skipped"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSeconds(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0.0s", 9940 * time.Millisecond: "9.9s", 9990 * time.Millisecond: "10s", 12700 * time.Millisecond: "12s",
		185 * time.Second: "3m05s", 123 * time.Minute: "2h03m",
	} {
		if got := seconds(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}
