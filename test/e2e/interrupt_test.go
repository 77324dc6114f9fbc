//go:build e2e

package e2e_test

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"
)

// soon is how long after the end of `stack` something may still run.
const soon = 5 * time.Second

// long is how long a build or start may take on a loaded machine.
const long = 4 * time.Minute

// TestInterruptWhileBuilding: 130, and nothing of the build goes on.
func TestInterruptWhileBuilding(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			onEachEngine(t, func(t *testing.T, on place) {
				m := marker(t)
				p := newProject(t, map[string]string{
					"stacks.hcl": stacks{}.hcl(t),
					"flow.yaml":  flow("slow", fmt.Sprintf("commands: ['sleep %s']", m), "true"),
				}).on(on)
				s := p.start("run", "flow.yaml")
				s.untilTrue("the build's command runs", long, func() bool { return len(sleeping(m)) > 0 })
				s.signal(sig)
				if r := s.wait(soon); r.code != 130 {
					t.Errorf("exit status %d, want 130:\n%s", r.code, r)
				}
				within(t, soon, "the build's command is gone", func() bool { return len(sleeping(m)) == 0 })
				p.explained([]string{"cancelled", "failed"}, []string{"", "interrupted", "cancelled", "host_lost"})
			})
		})
	}
}

// TestInterruptWhileRunning: the run is cancelled, its steps with it.
func TestInterruptWhileRunning(t *testing.T) {
	test := func(t *testing.T, p *project, m string, containers func(run string) int) {
		s := p.start("run", "flow.yaml")
		s.untilTrue("the step runs", long, func() bool { return len(sleeping(m)) > 0 })
		s.signal(os.Interrupt)
		if r := s.wait(20 * time.Second); r.code != 130 {
			t.Errorf("exit status %d, want 130:\n%s", r.code, r)
		}
		within(t, soon, "the step is gone", func() bool { return len(sleeping(m)) == 0 })
		run := p.explained([]string{"cancelled"}, []string{"", "cancelled", "interrupted"})
		within(t, soon, "no container runs", func() bool { return containers(run.Run) == 0 })
	}
	t.Run("local", func(t *testing.T) {
		t.Parallel()
		m := marker(t)
		p := newProject(t, map[string]string{"flow.yaml": sleeper(m), "stacks.hcl": "stack \"local\" {\n  orchestrator \"local\" {}\n}\ndefault_stack = \"local\"\n"})
		test(t, p, m, func(string) int { return 0 })
	})
	onEachEngine(t, func(t *testing.T, on place) {
		m := marker(t)
		p := newProject(t, map[string]string{"flow.yaml": sleeper(m), "stacks.hcl": stacks{}.hcl(t)}).on(on)
		test(t, p, m, func(run string) int { return len(on.running(t, run)) })
	})
}

// TestCancelFromAnotherTerminal: `stack cancel` reaches the process that follows.
func TestCancelFromAnotherTerminal(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		m := marker(t)
		p := newProject(t, map[string]string{"flow.yaml": sleeper(m), "stacks.hcl": stacks{}.hcl(t)}).on(on)
		s := p.start("run", "flow.yaml")
		s.untilTrue("the step runs", long, func() bool { return len(sleeping(m)) > 0 })
		run := p.onlyRun()
		if run.State != "running" {
			t.Errorf("while its step runs, ps says %+v", run)
		}
		p.must(0, "cancel", run.Run)
		if r := s.wait(20 * time.Second); r.code != 8 {
			t.Errorf("exit status of the run %d, want 8:\n%s", r.code, r)
		}
		within(t, soon, "the step is gone", func() bool { return len(sleeping(m)) == 0 })
		p.explained([]string{"cancelled"}, []string{"", "cancelled"})
		within(t, soon, "no container runs", func() bool { return len(on.running(t, run.Run)) == 0 })
	})
}

// sleeper is a flow of two steps, the second of which sleeps for the marker. No
// image is built for it: mode custom.
func sleeper(m string) string {
	return fmt.Sprintf(`version: 1
name: sleeper
image: {base_image: "python:3.11-slim", mode: custom}
steps:
  first:
    run: echo begun
  second:
    needs: [first]
    run: |
      trap 'exit 9' TERM
      sleep %s & wait
`, m)
}
