package conformance

import (
	"fmt"
	"testing"
	"time"

	"github.com/stackrun/stack/sdk"
)

// testGraph tests which steps run, when, and how the run ends.
func testGraph(t *testing.T, f Factory) {
	// Step "bad" fails at once, and "long" takes longer than that.
	type step struct {
		name  string
		needs []string
		when  sdk.When
	}
	for _, tc := range []struct {
		name  string
		slow  bool
		steps []step
		want  map[string]sdk.State // "" is the run
	}{
		{
			name:  "diamond",
			steps: []step{{name: "a"}, {name: "b", needs: []string{"a"}}, {name: "c", needs: []string{"a"}}, {name: "d", needs: []string{"b", "c"}}},
			want:  map[string]sdk.State{"": sdk.StateSucceeded, "a": sdk.StateSucceeded, "b": sdk.StateSucceeded, "c": sdk.StateSucceeded, "d": sdk.StateSucceeded},
		},
		{
			name:  "a failure skips what needs it",
			steps: []step{{name: "bad"}, {name: "b", needs: []string{"bad"}}, {name: "c", needs: []string{"b"}}},
			want:  map[string]sdk.State{"": sdk.StateFailed, "bad": sdk.StateFailed, "b": sdk.StateSkipped, "c": sdk.StateSkipped},
		},
		{
			name:  "slow: other branches go on",
			slow:  true,
			steps: []step{{name: "bad"}, {name: "b", needs: []string{"bad"}}, {name: "long"}, {name: "y", needs: []string{"long"}}},
			want:  map[string]sdk.State{"": sdk.StateFailed, "bad": sdk.StateFailed, "b": sdk.StateSkipped, "long": sdk.StateSucceeded, "y": sdk.StateSucceeded},
		},
		{
			name:  "always and failed run after a failure",
			steps: []step{{name: "bad"}, {name: "cleanup", needs: []string{"bad"}, when: sdk.WhenAlways}, {name: "alarm", needs: []string{"bad"}, when: sdk.WhenFailed}},
			want:  map[string]sdk.State{"": sdk.StateFailed, "bad": sdk.StateFailed, "cleanup": sdk.StateSucceeded, "alarm": sdk.StateSucceeded},
		},
		{
			name:  "failed is skipped after success",
			steps: []step{{name: "a"}, {name: "alarm", needs: []string{"a"}, when: sdk.WhenFailed}, {name: "cleanup", needs: []string{"a"}, when: sdk.WhenAlways}},
			want:  map[string]sdk.State{"": sdk.StateSucceeded, "a": sdk.StateSucceeded, "alarm": sdk.StateSkipped, "cleanup": sdk.StateSucceeded},
		},
		{
			name:  "always waits for all needs",
			slow:  true,
			steps: []step{{name: "bad"}, {name: "a"}, {name: "cleanup", needs: []string{"bad", "a"}, when: sdk.WhenAlways}},
			want:  map[string]sdk.State{"": sdk.StateFailed, "bad": sdk.StateFailed, "a": sdk.StateSucceeded, "cleanup": sdk.StateSucceeded},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := open(t, f)
			var steps []sdk.Step
			for _, st := range tc.steps {
				script := "true"
				switch st.name {
				case "bad":
					script = "exit 3"
				case "long":
					script = "sleep 1"
				}
				step := s.script(st.name, script, st.needs...)
				if st.when != "" {
					step.When = st.when
				}
				steps = append(steps, step)
			}
			w := s.workflow(steps...)
			w.FailFast = !tc.slow
			r := s.run(w)
			for name, state := range tc.want {
				if got := r.last(name).State; got != state {
					t.Errorf("%q ended %s, want %s", name, got, state)
				}
			}
			for _, st := range tc.steps {
				for _, need := range st.needs {
					if r.early(need, st.name) {
						t.Errorf("%s ran before its need %s had ended", st.name, need)
					}
				}
				if e := r.last(st.name); e.State == sdk.StateSkipped && e.Exit != nil {
					t.Errorf("%s was skipped and has an exit status", st.name)
				}
			}
			if e := r.last("bad"); e.State == sdk.StateFailed && (e.Reason != sdk.ReasonExitCode || e.Exit == nil || *e.Exit != 3) {
				t.Errorf("the failure is told as %+v", e)
			}
			if t.Failed() {
				t.Logf("events:\n%s", r)
			}
		})
	}
	t.Run("fail fast keeps other steps from starting", func(t *testing.T) {
		s := open(t, f)
		// "late" cannot have started when "bad" fails: it needs a step that
		// takes longer, even where it takes a while to start one.
		w := s.workflow(
			s.script("bad", "exit 1"),
			s.script("long", "sleep 5"),
			s.script("late", "true", "long"))
		r := s.run(w)
		if state := r.last("late").State; state != sdk.StateSkipped && state != sdk.StateCancelled {
			t.Errorf("late ended %s\n%s", state, r)
		}
		if state := r.last("").State; state != sdk.StateFailed {
			t.Errorf("the run ended %s", state)
		}
	})
	t.Run("branches run at the same time", func(t *testing.T) {
		s := open(t, f)
		w := s.workflow(s.script("a", "sleep 3"), s.script("b", "sleep 3"))
		if most := s.run(w).most(map[string]bool{"a": true, "b": true}); most != 2 {
			t.Errorf("%d of two independent steps ran at once", most)
		}
	})
	t.Run("max_parallel", func(t *testing.T) {
		s := open(t, f)
		var steps []sdk.Step
		group := map[string]bool{}
		for i := range 4 {
			step := s.script(fmt.Sprintf("train[lr=0.%d]", i), "sleep 0.3")
			step.Group, step.MaxParallel = "train", 2
			group[step.Name] = true
			steps = append(steps, step)
		}
		after := s.script("report", "true", steps[0].Name, steps[1].Name, steps[2].Name, steps[3].Name)
		r := s.run(s.workflow(append(steps, after)...))
		if most := r.most(group); most > 2 {
			t.Errorf("%d of a group that may have two ran at once\n%s", most, r)
		}
		if state := r.last("report").State; state != sdk.StateSucceeded {
			t.Errorf("what needs the group ended %s", state)
		}
	})
	t.Run("the timeout of the run", func(t *testing.T) {
		s := open(t, f)
		w := s.workflow(s.script("long", "sleep 300"), s.script("after", "true", "long"))
		w.Timeout = time.Second
		r := s.run(w)
		if e := r.last(""); e.State != sdk.StateFailed || e.Reason != sdk.ReasonTimeout {
			t.Errorf("the run ended %s for reason %q", e.State, e.Reason)
		}
	})
}
