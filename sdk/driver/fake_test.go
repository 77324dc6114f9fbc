package driver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stackrun/stack/sdk"
)

// fake runs steps in memory. What a step does is told by its first word.
type fake struct {
	mu      sync.Mutex
	started []string // NAME.ATTEMPT, in order
	running map[string]int
	most    map[string]int // of a group, at the same time
	swept   []string
	act     func(a Attempt, p *fakeProcess) // in a goroutine; ends with p.end
}

type fakeProcess struct {
	ended   chan struct{}
	once    sync.Once
	exit    Exit
	err     error
	signals chan Signal
}

func (p *fakeProcess) end(e Exit, err error) {
	p.once.Do(func() { p.exit, p.err = e, err; close(p.ended) })
}

func (p *fakeProcess) Wait() (Exit, error) { <-p.ended; return p.exit, p.err }

func (p *fakeProcess) Signal(s Signal) error {
	select {
	case p.signals <- s:
	case <-p.ended:
	}
	return nil
}

func (f *fake) Start(_ context.Context, a Attempt) (Process, error) {
	if a.Step.Command[0] == "unstartable" {
		return nil, &Failure{Reason: sdk.ReasonImagePull, Err: errors.New("no such image")}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.started = append(f.started, fmt.Sprintf("%s.%d", a.Step.Name, a.Number))
	f.running[a.Step.Group]++
	f.most[a.Step.Group] = max(f.most[a.Step.Group], f.running[a.Step.Group])
	p := &fakeProcess{ended: make(chan struct{}), signals: make(chan Signal, 4)}
	go f.act(a, p)
	go func() {
		<-p.ended
		f.mu.Lock()
		defer f.mu.Unlock()
		f.running[a.Step.Group]--
	}()
	return p, nil
}

func (f *fake) Sweep(_ context.Context, runID string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.swept = append(f.swept, runID)
	return nil
}

// word acts by the command: ok, exit N, sleep D, flaky N (fails until attempt
// N), write (makes its outputs), stubborn (ignores the polite signal), polite
// (ends with 0 on it).
func word(a Attempt, p *fakeProcess) {
	argument := ""
	if len(a.Step.Command) > 1 {
		argument = a.Step.Command[1]
	}
	number := 0
	_, _ = fmt.Sscan(argument, &number)
	switch a.Step.Command[0] {
	case "ok":
		p.end(Exit{}, nil)
	case "exit":
		p.end(Exit{Code: number}, nil)
	case "oom":
		p.end(Exit{Code: 137, Reason: sdk.ReasonOOM}, nil)
	case "flaky":
		fmt.Fprintf(a.Stdout, "attempt %d\n", a.Number)
		if a.Number < number {
			p.end(Exit{Code: 1}, nil)
		}
		p.end(Exit{}, nil)
	case "write":
		for _, o := range a.Outputs {
			path := o.Path
			if o.Type == sdk.OutputDirectory {
				path = filepath.Join(path, "file")
			}
			if err := os.WriteFile(path, []byte(a.Step.Name), 0o600); err != nil {
				p.end(Exit{}, err)
			}
		}
		p.end(Exit{}, nil)
	case "read":
		for _, in := range a.Inputs {
			for _, s := range in.Sources {
				data, err := os.ReadFile(s.Path)
				if err != nil {
					p.end(Exit{}, err)
				}
				fmt.Fprintf(a.Stdout, "%s/%s=%s;", in.Name, s.Entry, data)
			}
		}
		p.end(Exit{}, nil)
	case "sleep", "stubborn", "polite":
		d, err := time.ParseDuration(argument)
		if err != nil {
			p.end(Exit{}, err)
			return
		}
		timer := time.NewTimer(d)
		defer timer.Stop()
		for {
			select {
			case <-timer.C:
				p.end(Exit{}, nil)
				return
			case s := <-p.signals:
				switch {
				case s == Kill:
					p.end(Exit{Code: 137}, nil)
					return
				case a.Step.Command[0] == "sleep":
					p.end(Exit{Code: 143}, nil)
					return
				case a.Step.Command[0] == "polite":
					p.end(Exit{}, nil)
					return
				}
			}
		}
	default:
		p.end(Exit{}, fmt.Errorf("the fake knows no %q", a.Step.Command))
	}
}

func newFake() *fake {
	return &fake{running: map[string]int{}, most: map[string]int{}, act: word}
}

// bench is a driver with a fake, in folders of its own.
type bench struct {
	t *testing.T
	*fake
	*Driver
	options Options
}

func newBench(t *testing.T, o Options) *bench {
	t.Helper()
	dir := t.TempDir()
	o.StateDir, o.Store = filepath.Join(dir, "state"), filepath.Join(dir, "store")
	f := newFake()
	return &bench{t: t, fake: f, Driver: New(f, o), options: o}
}

// step is NAME with a command of the fake's.
func step(name string, command []string, needs ...string) sdk.Step {
	return sdk.Step{Name: name, Group: name, Command: command, Needs: needs, When: sdk.WhenSuccess, Nodes: 1}
}

func do(words ...string) []string { return words }

func flow(steps ...sdk.Step) sdk.Workflow {
	return sdk.Workflow{Flow: "churn", RunID: "run-1", FailFast: true, Steps: steps, SourceRoot: "/nowhere"}
}

// run submits and gathers the events until the end.
func (b *bench) run(w sdk.Workflow) history {
	b.t.Helper()
	if _, err := b.Submit(b.t.Context(), w); err != nil {
		b.t.Fatal(err)
	}
	return b.watch(w.RunID)
}

func (b *bench) watch(runID string) history {
	b.t.Helper()
	h := history{last: map[string]sdk.Event{}}
	err := b.Watch(b.t.Context(), sdk.WatchRequest{RunID: runID}, func(e sdk.Event) error {
		h.events = append(h.events, e)
		if e.Kind == sdk.EventStep || e.Kind == sdk.EventRun {
			h.last[e.Step] = e
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return h
}

type history struct {
	events []sdk.Event
	last   map[string]sdk.Event // by step; "" is the run
}

// ends is STATE or STATE REASON of each step and, as "run", of the run.
func (h history) ends() map[string]string {
	out := map[string]string{}
	for name, e := range h.last {
		if name == "" {
			name = "run"
		}
		out[name] = string(e.State)
		if e.Reason != "" {
			out[name] += " " + string(e.Reason)
		}
	}
	return out
}

// at is when a step's state was first told.
func (h history) at(step string, state sdk.State, attempt int) time.Time {
	for _, e := range h.events {
		if e.Step == step && e.State == state && e.Attempt == attempt {
			return e.Time
		}
	}
	return time.Time{}
}

func (b *bench) output(req sdk.LogsRequest) string {
	b.t.Helper()
	text := ""
	if err := b.Logs(b.t.Context(), req, func(c sdk.LogChunk) error { text += string(c.Data); return nil }); err != nil {
		b.t.Fatal(err)
	}
	return text
}
