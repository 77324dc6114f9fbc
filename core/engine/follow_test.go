package engine_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/engine"
	"github.com/stackrun/stack/core/run"
	"github.com/stackrun/stack/sdk"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// scripted is an orchestrator whose Watch plays one script for each call.
type scripted struct {
	sdk.Orchestrator // nil: other calls are defects
	mu               sync.Mutex
	scripts          []func(ctx context.Context, yield func(sdk.Event) error) error
	logs             func(yield func(sdk.LogChunk) error) error
	cancelled        chan struct{}
}

func (s *scripted) Watch(ctx context.Context, _ sdk.WatchRequest, yield func(sdk.Event) error) error {
	s.mu.Lock()
	script := s.scripts[0]
	if len(s.scripts) > 1 {
		s.scripts = s.scripts[1:]
	}
	s.mu.Unlock()
	return script(ctx, yield)
}

func (s *scripted) Logs(_ context.Context, _ sdk.LogsRequest, yield func(sdk.LogChunk) error) error {
	return s.logs(yield)
}

func (s *scripted) Cancel(context.Context, sdk.CancelRequest) (bool, error) {
	close(s.cancelled)
	return false, nil
}

// play yields events and then returns err.
func play(err error, events ...sdk.Event) func(context.Context, func(sdk.Event) error) error {
	return func(_ context.Context, yield func(sdk.Event) error) error {
		for _, e := range events {
			if err := yield(e); err != nil {
				return err
			}
		}
		return err
	}
}

func runEvent(state sdk.State) sdk.Event {
	return sdk.Event{Kind: sdk.EventRun, State: state, Time: noon}
}

func stepEvent(state sdk.State) sdk.Event {
	return sdk.Event{Kind: sdk.EventStep, Step: "train", Attempt: 1, State: state, Time: noon}
}

func setUp(t *testing.T) (*engine.Engine, run.Record) {
	t.Helper()
	e := &engine.Engine{Runs: run.Store{Dir: t.TempDir()}, Now: func() time.Time { return noon }}
	r := run.Record{ID: "churn-1", Flow: "churn", Stack: "local", State: sdk.StatePending, Created: noon,
		Steps: []run.Step{{Name: "train", State: sdk.StatePending}}}
	host, err := e.Runs.Create(r)
	if err != nil {
		t.Fatal(err)
	}
	host.Release()
	return e, r
}

func TestFollowTakesUpALostStream(t *testing.T) {
	e, r := setUp(t)
	o := &scripted{scripts: []func(context.Context, func(sdk.Event) error) error{
		play(errors.New("stream cut"), runEvent(sdk.StateRunning), stepEvent(sdk.StateRunning)),
		play(nil, runEvent(sdk.StateRunning)), // ends before the run does
		play(nil, runEvent(sdk.StateRunning), stepEvent(sdk.StateSucceeded), runEvent(sdk.StateSucceeded)),
	}}
	var told []string
	got, err := e.Follow(context.Background(), o, r, engine.FollowOptions{}, func(ev engine.Event) {
		told = append(told, string(ev.Type)+" "+ev.From+"→"+ev.To)
	})
	if err != nil || got.State != sdk.StateSucceeded {
		t.Fatalf("%v, %v", got.State, err)
	}
	want := []string{"run.status pending→running", "step.status pending→running", "step.status running→succeeded", "run.status running→succeeded"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("events: %s", diff)
	}
	saved, err := e.Runs.Load(r.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, saved, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".SchemaVersion" }, cmp.Ignore())); diff != "" {
		t.Errorf("the saved record differs: %s", diff)
	}
}

func TestFollowCancelsAHostedRunOnInterrupt(t *testing.T) {
	e, r := setUp(t)
	o := &scripted{cancelled: make(chan struct{})}
	ctx, interrupt := context.WithCancel(context.Background())
	o.scripts = []func(context.Context, func(sdk.Event) error) error{
		func(_ context.Context, yield func(sdk.Event) error) error {
			interrupt()
			<-o.cancelled
			return yield(runEvent(sdk.StateCancelled))
		},
	}
	got, err := e.Follow(ctx, o, r, engine.FollowOptions{Hosted: true}, func(engine.Event) {})
	if !errors.Is(err, context.Canceled) || got.State != sdk.StateCancelled {
		t.Errorf("%v, %v", got.State, err)
	}
}

func TestFollowLeavesADetachedRunOnInterrupt(t *testing.T) {
	e, r := setUp(t)
	ctx, interrupt := context.WithCancel(context.Background())
	o := &scripted{scripts: []func(context.Context, func(sdk.Event) error) error{
		func(ctx context.Context, yield func(sdk.Event) error) error {
			if err := yield(runEvent(sdk.StateRunning)); err != nil {
				return err
			}
			interrupt()
			<-ctx.Done()
			return ctx.Err()
		},
	}}
	got, err := e.Follow(ctx, o, r, engine.FollowOptions{}, func(engine.Event) {})
	if !errors.Is(err, context.Canceled) || got.State != sdk.StateRunning {
		t.Errorf("%v, %v", got.State, err)
	}
}

func TestFollowEndsTheRecordWhenThePluginIsGone(t *testing.T) {
	e, r := setUp(t)
	crash := diag.Fail(diag.PluginCrashed, errors.New("plugin local 1.0: panic: boom"), "")
	o := &scripted{scripts: []func(context.Context, func(sdk.Event) error) error{
		play(crash, runEvent(sdk.StateRunning), stepEvent(sdk.StateRunning)),
	}}
	got, err := e.Follow(context.Background(), o, r, engine.FollowOptions{Hosted: true}, func(engine.Event) {})
	if diag.ExitOf(err) != diag.ExitInternal {
		t.Errorf("exit %d: %v", diag.ExitOf(err), err)
	}
	if got.State != sdk.StateFailed || got.Reason != sdk.ReasonHostLost || got.Steps[0].State != sdk.StateFailed {
		t.Errorf("%+v", got)
	}
}

func TestFollowSplitsLogsIntoLines(t *testing.T) {
	e, r := setUp(t)
	logged := make(chan struct{})
	o := &scripted{
		scripts: []func(context.Context, func(sdk.Event) error) error{
			func(_ context.Context, yield func(sdk.Event) error) error {
				<-logged
				return yield(runEvent(sdk.StateSucceeded))
			},
		},
		logs: func(yield func(sdk.LogChunk) error) error {
			defer close(logged)
			for _, c := range []sdk.LogChunk{
				{Step: "train", Attempt: 1, Data: []byte("one\ntw")},
				{Step: "train", Attempt: 1, Data: []byte("err"), Stderr: true},
				{Step: "other", Attempt: 1, Data: []byte("\xff\x00\n")},
				{Step: "train", Attempt: 1, Data: []byte("o\r\n\nend")},
			} {
				if err := yield(c); err != nil {
					return err
				}
			}
			return nil
		},
	}
	var mu sync.Mutex
	lines := map[string]int{}
	_, err := e.Follow(context.Background(), o, r, engine.FollowOptions{Logs: true}, func(ev engine.Event) {
		mu.Lock()
		defer mu.Unlock()
		if ev.Type == engine.Log {
			lines[ev.Step+"|"+ev.Message]++
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"train|one": 1, "train|two": 1, "train|": 1, "train|end": 1, "train|err": 1, "other|\xff\x00": 1}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
}
