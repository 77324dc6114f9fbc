package driver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/sdk"
)

// another is a driver as a second process has it, on the same folders.
func (b *bench) another() *bench {
	f := newFake()
	return &bench{t: b.t, fake: f, Driver: New(f, b.options), options: b.options}
}

// crash leaves a run as a killed process does: its lock is free, its journal
// ends in the middle of a line.
func (b *bench) crash(runID string) {
	b.t.Helper()
	r := b.Driver.running(runID)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken = errors.New("crashed") // what is still told reaches nobody's disk
	if _, err := r.journal.file.WriteString(`{"step":"a","att`); err != nil {
		b.t.Fatal(err)
	}
	if err := r.lock.Close(); err != nil {
		b.t.Fatal(err)
	}
}

func TestSubmitIsIdempotent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		w := flow(step("a", do("sleep", "1m")))
		if s, err := b.Submit(t.Context(), w); err != nil || s.AlreadyExisted {
			t.Fatalf("the first: %+v, %v", s, err)
		}
		for _, again := range []*bench{b, b.another()} {
			if s, err := again.Submit(t.Context(), w); err != nil || !s.AlreadyExisted || string(s.Handle) != w.RunID {
				t.Errorf("while it runs: %+v, %v", s, err)
			}
		}
		b.watch(w.RunID)
		<-b.Driver.running(w.RunID).done
		for _, again := range []*bench{b, b.another()} {
			if s, err := again.Submit(t.Context(), w); err != nil || !s.AlreadyExisted {
				t.Errorf("after its end: %+v, %v", s, err)
			}
		}
		if diff := cmp.Diff([]string{"a.1"}, b.started); diff != "" {
			t.Errorf("attempts (-want +got):\n%s", diff)
		}
	})
}

func TestAnotherProcessSeesARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		w := flow(step("a", do("flaky", "1")), step("long", do("sleep", "45s"), "a"))
		if _, err := b.Submit(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		other := b.another()
		h := other.watch(w.RunID)
		want := map[string]string{"a": "succeeded", "long": "succeeded", "run": "succeeded"}
		if diff := cmp.Diff(want, h.ends()); diff != "" {
			t.Errorf("ends (-want +got):\n%s", diff)
		}
		beats := 0
		for _, e := range h.events {
			if e.Kind == sdk.EventHeartbeat {
				beats++
			}
		}
		if beats < 1 || beats > 4 {
			t.Errorf("%d heartbeats in 45 s", beats)
		}
		if got := other.output(sdk.LogsRequest{RunID: w.RunID, Step: "a"}); got != "attempt 1\n" {
			t.Errorf("the log is %q", got)
		}
		<-b.Driver.running(w.RunID).done
	})
}

func TestAnotherProcessCancels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		w := flow(step("a", do("stubborn", "24h")), when(step("clean", do("ok"), "a"), sdk.WhenAlways))
		if _, err := b.Submit(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		other := b.another()
		begin := time.Now()
		if done, err := other.Cancel(t.Context(), sdk.CancelRequest{RunID: w.RunID, Grace: 3 * time.Second}); done || err != nil {
			t.Fatalf("Cancel: %v, %v", done, err)
		}
		h := other.watch(w.RunID)
		want := map[string]string{"a": "cancelled", "clean": "skipped", "run": "cancelled"}
		if diff := cmp.Diff(want, h.ends()); diff != "" {
			t.Errorf("ends (-want +got):\n%s", diff)
		}
		if took := time.Since(begin).Round(time.Second); took < 3*time.Second || took > 4*time.Second {
			t.Errorf("it took %s", took)
		}
		<-b.Driver.running(w.RunID).done
		if done, err := other.Cancel(t.Context(), sdk.CancelRequest{RunID: w.RunID}); !done || err != nil {
			t.Errorf("Cancel after the end: %v, %v", done, err)
		}
	})
}

func TestCancelOfARunThatEndsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		w := flow(step("a", do("polite", "24h")))
		if _, err := b.Submit(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if _, err := b.Cancel(t.Context(), sdk.CancelRequest{RunID: w.RunID}); err != nil {
			t.Fatal(err)
		}
		// The command ended with 0 when told to stop, which is no success.
		want := map[string]string{"a": "cancelled", "run": "cancelled"}
		if diff := cmp.Diff(want, b.watch(w.RunID).ends()); diff != "" {
			t.Errorf("ends (-want +got):\n%s", diff)
		}
		<-b.Driver.running(w.RunID).done
	})
}

func TestALostHost(t *testing.T) {
	for _, how := range []string{"watch", "list", "recover"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{})
				w := flow(step("a", do("sleep", "1h")), step("b", do("ok"), "a"), step("c", do("ok")))
				if _, err := b.Submit(t.Context(), w); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				b.crash(w.RunID)
				other := b.another()
				switch how {
				case "list":
					runs, _, err := other.List(t.Context(), sdk.ListRequest{})
					if err != nil || len(runs) != 1 || runs[0].State != sdk.StateFailed || runs[0].Reason != sdk.ReasonHostLost {
						t.Errorf("List: %+v, %v", runs, err)
					}
				case "recover":
					if err := other.Recover(); err != nil {
						t.Fatal(err)
					}
				}
				want := map[string]string{"a": "failed host_lost", "b": "skipped host_lost", "c": "succeeded", "run": "failed host_lost"}
				for range 2 { // the second time nothing is left to do
					if diff := cmp.Diff(want, other.watch(w.RunID).ends()); diff != "" {
						t.Errorf("ends (-want +got):\n%s", diff)
					}
				}
				if diff := cmp.Diff([]string{w.RunID}, other.swept); diff != "" {
					t.Errorf("swept (-want +got):\n%s", diff)
				}
				if s, err := other.Submit(t.Context(), w); err != nil || !s.AlreadyExisted {
					t.Errorf("submitted again: %+v, %v", s, err)
				}
				if entries, err := os.ReadDir(filepath.Join(b.options.StateDir, ".active")); err != nil || len(entries) != 0 {
					t.Errorf("marked as active: %v, %v", entries, err)
				}
				if err := b.Driver.Close(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestCloseEndsRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		w := flow(step("a", do("stubborn", "24h")))
		if _, err := b.Submit(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		begin := time.Now()
		if err := b.Driver.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took > time.Second {
			t.Errorf("it took %s", took)
		}
		want := map[string]string{"a": "failed host_lost", "run": "failed host_lost"}
		if diff := cmp.Diff(want, b.another().watch(w.RunID).ends()); diff != "" {
			t.Errorf("ends (-want +got):\n%s", diff)
		}
		if _, err := b.Submit(t.Context(), flow(step("a", do("ok")))); err == nil {
			t.Error("a closed driver takes a run")
		}
	})
}

// A disk that is full is a closed file here: every write fails.
func TestADiskThatIsFull(t *testing.T) {
	breaks := map[string]func(*run){
		"journal": func(r *run) { r.mu.Lock(); defer r.mu.Unlock(); _ = r.journal.close() },
		"logs":    func(r *run) { _ = r.logs.close() },
	}
	for name, breakIt := range breaks {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{})
				w := flow(step("a", do("sleep", "10s")), step("b", do("flaky", "1"), "a"), step("c", do("sleep", "10s"), "b"))
				if _, err := b.Submit(t.Context(), w); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				breakIt(b.Driver.running(w.RunID))
				end := b.watch(w.RunID).last[""]
				if end.State != sdk.StateFailed || !strings.HasPrefix(end.Message, "cannot go on: keep ") {
					t.Errorf("the run ended %+v", end)
				}
				<-b.Driver.running(w.RunID).done
				if strings.Contains(fmt.Sprint(b.started), "c.1") {
					t.Errorf("it went on: %v", b.started)
				}
			})
		})
	}
}

func TestUnknownRuns(t *testing.T) {
	b := newBench(t, Options{})
	ctx := context.Background()
	for _, id := range []string{"run-9", "../run-1", "", ".active", strings.Repeat("a", 64)} {
		calls := map[string]error{
			"watch": b.Watch(ctx, sdk.WatchRequest{RunID: id}, func(sdk.Event) error { return nil }),
			"logs":  b.Logs(ctx, sdk.LogsRequest{RunID: id}, func(sdk.LogChunk) error { return nil }),
		}
		_, calls["cancel"] = b.Cancel(ctx, sdk.CancelRequest{RunID: id})
		for call, err := range calls {
			var why *sdk.Error
			if !errors.As(err, &why) || !why.NotFound {
				t.Errorf("%s of %q: %v", call, id, err)
			}
		}
	}
	if runs, next, err := b.List(ctx, sdk.ListRequest{}); err != nil || len(runs) != 0 || next != "" {
		t.Errorf("List: %v, %q, %v", runs, next, err)
	}
}

func TestSubmitRefuses(t *testing.T) {
	b := newBench(t, Options{})
	for name, w := range map[string]sdk.Workflow{
		"no run id":       {Steps: []sdk.Step{step("a", do("ok"))}},
		"unknown need":    flow(step("a", do("ok"), "b")),
		"a need after it": flow(step("a", do("ok"), "b"), step("b", do("ok"))),
		"two of a name":   flow(step("a", do("ok")), step("a", do("ok"))),
		"no command":      flow(step("a", nil)),
	} {
		if _, err := b.Submit(t.Context(), w); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if len(b.started) > 0 {
		t.Errorf("started: %v", b.started)
	}
}

func TestListPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		var want []string
		for i := range 7 {
			w := flow(step("a", do("ok")))
			w.RunID, w.Labels = fmt.Sprintf("run-%d", i), map[string]string{"odd": fmt.Sprint(i % 2)}
			b.run(w)
			<-b.Driver.running(w.RunID).done
			want = append([]string{w.RunID}, want...)
			time.Sleep(time.Second)
		}
		var got []string
		for page := ""; ; {
			runs, next, err := b.another().List(t.Context(), sdk.ListRequest{PageSize: 3, Page: page})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range runs {
				got = append(got, r.RunID)
			}
			if page = next; page == "" {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("runs (-want +got):\n%s", diff)
		}
		runs, _, err := b.List(t.Context(), sdk.ListRequest{Labels: map[string]string{"odd": "1"}, Since: time.Now().Add(-5 * time.Second)})
		if err != nil || len(runs) != 2 {
			t.Errorf("with a label, of the last five seconds: %+v, %v", runs, err)
		}
	})
}
