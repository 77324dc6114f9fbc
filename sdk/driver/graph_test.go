package driver

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"
	"testing/quick"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/sdk"
)

func when(s sdk.Step, w sdk.When) sdk.Step { s.When = w; return s }

func retry(s sdk.Step, n int, backoff time.Duration) sdk.Step {
	s.Retry = sdk.Retry{Max: n, Backoff: backoff}
	return s
}

func timeout(s sdk.Step, d time.Duration) sdk.Step { s.Timeout = d; return s }

func TestEnds(t *testing.T) {
	slow := func(w sdk.Workflow) sdk.Workflow { w.FailFast = false; return w }
	limited := func(w sdk.Workflow, d time.Duration) sdk.Workflow { w.Timeout = d; return w }
	tests := []struct {
		name string
		flow sdk.Workflow
		want map[string]string
	}{
		{"a diamond", flow(step("a", do("ok")), step("b", do("ok"), "a"), step("c", do("ok"), "a"), step("d", do("ok"), "b", "c")),
			map[string]string{"a": "succeeded", "b": "succeeded", "c": "succeeded", "d": "succeeded", "run": "succeeded"}},
		{"a failure keeps later steps from starting, and lets running ones end",
			flow(step("bad", do("exit", "3")), step("long", do("sleep", "1m")), step("next", do("ok"), "bad"), step("other", do("ok"), "long")),
			map[string]string{"bad": "failed exit_code", "long": "succeeded", "next": "skipped upstream", "other": "skipped upstream", "run": "failed exit_code"}},
		{"slow: independent branches go on",
			slow(flow(step("bad", do("exit", "3")), step("long", do("sleep", "1m")), step("next", do("ok"), "bad"), step("other", do("ok"), "long"))),
			map[string]string{"bad": "failed exit_code", "long": "succeeded", "next": "skipped upstream", "other": "succeeded", "run": "failed exit_code"}},
		{"always and failed run after fail fast; what needs them does not",
			flow(step("bad", do("exit", "3")), when(step("clean", do("ok"), "bad"), sdk.WhenAlways), when(step("alarm", do("ok"), "bad"), sdk.WhenFailed), step("after", do("ok"), "clean")),
			map[string]string{"bad": "failed exit_code", "clean": "succeeded", "alarm": "succeeded", "after": "skipped upstream", "run": "failed exit_code"}},
		{"failed is skipped when nothing failed, which is no failure of the run",
			flow(step("a", do("ok")), when(step("alarm", do("ok"), "a"), sdk.WhenFailed), when(step("clean", do("ok"), "alarm"), sdk.WhenAlways)),
			map[string]string{"a": "succeeded", "alarm": "skipped upstream", "clean": "succeeded", "run": "succeeded"}},
		{"always waits for all its needs",
			flow(step("bad", do("exit", "1")), step("long", do("sleep", "1m")), when(step("clean", do("ok"), "bad", "long"), sdk.WhenAlways)),
			map[string]string{"bad": "failed exit_code", "long": "succeeded", "clean": "succeeded", "run": "failed exit_code"}},
		{"a failing always step is retried after fail fast",
			flow(step("bad", do("exit", "1")), retry(when(step("clean", do("flaky", "2"), "bad"), sdk.WhenAlways), 1, time.Second)),
			map[string]string{"bad": "failed exit_code", "clean": "succeeded", "run": "failed exit_code"}},
		{"a step that waits for its next attempt fails when the flow fails",
			flow(retry(step("flaky", do("flaky", "2")), 1, time.Hour), step("bad", do("polite", "1m")), step("worse", do("exit", "1"), "bad")),
			map[string]string{"flaky": "failed exit_code", "bad": "succeeded", "worse": "failed exit_code", "run": "failed exit_code"}},
		{"out of memory", flow(step("a", do("oom"))), map[string]string{"a": "failed oom", "run": "failed oom"}},
		{"a start that fails", flow(step("a", do("unstartable"))), map[string]string{"a": "failed image_pull", "run": "failed image_pull"}},
		{"a timeout is of each attempt", flow(timeout(retry(step("a", do("sleep", "1h")), 2, time.Second), time.Minute)),
			map[string]string{"a": "failed timeout", "run": "failed timeout"}},
		{"a timeout of one that ends politely is a timeout", flow(timeout(step("a", do("polite", "1h")), time.Minute)),
			map[string]string{"a": "failed timeout", "run": "failed timeout"}},
		{"a timeout of one that does not end is a kill", flow(timeout(step("a", do("stubborn", "1h")), time.Minute)),
			map[string]string{"a": "failed timeout", "run": "failed timeout"}},
		{"the run's timeout ends all, always steps too",
			limited(flow(step("a", do("sleep", "1h")), when(step("clean", do("ok"), "a"), sdk.WhenAlways)), time.Minute),
			map[string]string{"a": "failed timeout", "clean": "skipped timeout", "run": "failed timeout"}},
		{"an output that is not made",
			flow(sdk.Step{Name: "a", Group: "a", Command: do("ok"), Outputs: []sdk.Output{{Name: "model", Type: sdk.OutputFile}}}),
			map[string]string{"a": "failed output", "run": "failed output"}},
		{"a folder that stays empty was made",
			flow(sdk.Step{Name: "a", Group: "a", Command: do("ok"), Outputs: []sdk.Output{{Name: "model", Type: sdk.OutputDirectory}}}),
			map[string]string{"a": "succeeded", "run": "succeeded"}},
		{"a flow without steps", flow(), map[string]string{"run": "succeeded"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{})
				h := b.run(tt.flow)
				if diff := cmp.Diff(tt.want, h.ends()); diff != "" {
					t.Errorf("ends (-want +got):\n%s", diff)
				}
				<-b.Driver.running(tt.flow.RunID).done
			})
		})
	}
}

func TestBackoffDoubles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		h := b.run(flow(retry(step("a", do("flaky", "4")), 5, 10*time.Second)))
		if diff := cmp.Diff([]string{"a.1", "a.2", "a.3", "a.4"}, b.started); diff != "" {
			t.Errorf("attempts (-want +got):\n%s", diff)
		}
		for attempt, want := range map[int]time.Duration{2: 10 * time.Second, 3: 20 * time.Second, 4: 40 * time.Second} {
			got := h.at("a", sdk.StateStarting, attempt).Sub(h.at("a", sdk.StateStarting, attempt-1))
			if got.Round(time.Second) != want {
				t.Errorf("attempt %d came %s after the one before, want %s", attempt, got, want)
			}
		}
		if got := b.output(sdk.LogsRequest{RunID: "run-1", Step: "a", Attempt: 2}); got != "attempt 2\n" {
			t.Errorf("attempt 2 wrote %q", got)
		}
		<-b.Driver.running("run-1").done
	})
}

func TestMaxParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{MaxParallel: 5})
		var steps []sdk.Step
		for i := range 10 {
			s := step(fmt.Sprintf("train[%d]", i), do("sleep", "1m"))
			s.Group, s.MaxParallel = "train", 2
			free := step(fmt.Sprintf("free%d", i), do("sleep", "1m"))
			free.Group = "free"
			steps = append(steps, s, free)
		}
		w := flow(steps...)
		h := b.run(w)
		if h.last[""].State != sdk.StateSucceeded {
			t.Errorf("the run ended %v", h.last[""])
		}
		if b.most["train"] != 2 || b.most["free"] != 5 && b.most["free"] != 3 {
			t.Errorf("at the same time ran %v, want 2 of train and 3 to 5 of free", b.most)
		}
		<-b.Driver.running("run-1").done
	})
}

func TestFilesArePassedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		var steps []sdk.Step
		input := sdk.Input{Name: "models", Many: true}
		for _, variant := range []string{"a", "b"} {
			s := step("train[x="+variant+"]", do("write"))
			s.Outputs = []sdk.Output{{Name: "model", Type: sdk.OutputFile}}
			steps = append(steps, s)
			input.Sources = append(input.Sources, sdk.Source{Step: s.Name, Output: "model", Entry: variant})
		}
		report := step("report", do("read")) // its inputs alone say what it needs
		report.Inputs = []sdk.Input{input}
		h := b.run(flow(append(steps, report)...))
		if h.last[""].State != sdk.StateSucceeded {
			t.Fatalf("the run ended %+v", h.last)
		}
		if got, want := b.output(sdk.LogsRequest{RunID: "run-1", Step: "report"}), "models/a=train[x=a];models/b=train[x=b];"; got != want {
			t.Errorf("the report is %q, want %q", got, want)
		}
		<-b.Driver.running("run-1").done
	})
}

// TestRandomGraphs holds what must be true of every run.
func TestRandomGraphs(t *testing.T) {
	property := func(seed int64) bool {
		ok := true
		synctest.Test(t, func(t *testing.T) {
			w := randomFlow(rand.New(rand.NewSource(seed)))
			b := newBench(t, Options{MaxParallel: int(seed & 3)})
			h := b.run(w)
			<-b.Driver.running(w.RunID).done
			for _, problem := range broken(w, h, b.started) {
				ok = false
				t.Errorf("seed %d: %s", seed, problem)
			}
		})
		return ok
	}
	if err := quick.Check(property, &quick.Config{MaxCount: 60}); err != nil {
		t.Error(err)
	}
}

func randomFlow(r *rand.Rand) sdk.Workflow {
	commands := [][]string{do("ok"), do("ok"), do("sleep", "5s"), do("exit", "2"), do("flaky", "2"), do("flaky", "3"), do("unstartable"), do("stubborn", "1h")}
	w := flow()
	w.FailFast = r.Intn(2) == 0
	for i := range 1 + r.Intn(12) {
		s := step(fmt.Sprintf("s%d", i), commands[r.Intn(len(commands))])
		s.When = []sdk.When{sdk.WhenSuccess, sdk.WhenSuccess, sdk.WhenAlways, sdk.WhenFailed}[r.Intn(4)]
		s.Retry = sdk.Retry{Max: r.Intn(3), Backoff: time.Duration(r.Intn(20)) * time.Second}
		s.Timeout = time.Minute
		s.Group, s.MaxParallel = fmt.Sprintf("g%d", r.Intn(3)), r.Intn(3)
		for j := range i {
			if r.Intn(3) == 0 {
				s.Needs = append(s.Needs, fmt.Sprintf("s%d", j))
			}
		}
		w.Steps = append(w.Steps, s)
	}
	return w
}

// broken lists what is wrong with a run.
func broken(w sdk.Workflow, h history, started []string) []string {
	var out []string
	tell := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	sorted := slices.Clone(started)
	slices.Sort(sorted)
	if len(slices.Compact(sorted)) != len(started) {
		tell("an attempt started twice: %v", started)
	}
	anyFailed := false
	for _, s := range w.Steps {
		end := h.last[s.Name]
		if !end.State.Final() {
			tell("step %s ended %q", s.Name, end.State)
		}
		if end.Attempt > s.Retry.Max+1 {
			tell("step %s had %d attempts of %d", s.Name, end.Attempt, s.Retry.Max+1)
		}
		anyFailed = anyFailed || end.State == sdk.StateFailed
		begin := h.at(s.Name, sdk.StateStarting, 1)
		failedNeed := false
		for _, need := range s.Needs {
			last := h.last[need]
			failedNeed = failedNeed || last.State == sdk.StateFailed
			if !begin.IsZero() && begin.Before(last.Time) {
				tell("step %s started before its need %s ended", s.Name, need)
			}
			if !begin.IsZero() && s.When == sdk.WhenSuccess && last.State != sdk.StateSucceeded {
				tell("step %s ran although %s ended %s", s.Name, need, last.State)
			}
		}
		if !begin.IsZero() && s.When == sdk.WhenFailed && !failedNeed {
			tell("step %s ran although nothing that it needs failed", s.Name)
		}
		if begin.IsZero() && s.When == sdk.WhenAlways {
			tell("step %s never ran", s.Name)
		}
	}
	if (h.last[""].State == sdk.StateFailed) != anyFailed {
		tell("the run ended %s, a step failed: %v", h.last[""].State, anyFailed)
	}
	return out
}
