//go:build e2e

package e2e_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// moments are the points of a run at which something is killed, in the order
// of time. step is the marker that the flow's step sleeps for, build the one
// that its build does.
func moments() []moment {
	return []moment{
		{"planning", func(s *started, _, _ string) {
			// As soon as there is a plugin: nothing is recorded yet, or just so.
			s.untilTrue("a plugin starts", long, func() bool {
				return len(children(s.cmd.Process.Pid, "stack-builder-docker")) > 0 || len(children(s.cmd.Process.Pid, "stack-orchestrator-docker")) > 0
			})
		}},
		{"build_begins", func(s *started, _, _ string) {
			s.until("the first progress of the build", long, func(e event) bool { return e.Type == "build.progress" })
		}},
		{"building", func(s *started, build, _ string) {
			s.untilTrue("the build's command runs", long, func() bool { return len(sleeping(build)) > 0 })
		}},
		{"submitted", func(s *started, _, _ string) {
			s.until("the first status of the run", long, func(e event) bool { return e.Type == "run.status" })
		}},
		{"step_starts", func(s *started, _, _ string) {
			s.until("the first status of a step", long, func(e event) bool { return e.Type == "step.status" })
		}},
		{"step_runs", func(s *started, _, step string) {
			s.untilTrue("the step runs", long, func() bool { return len(sleeping(step)) > 0 })
		}},
	}
}

type moment struct {
	name string
	wait func(s *started, build, step string)
}

// killedFlow builds (three seconds, so that the moments after it come) or
// sleeps in the build for good, and has a step that sleeps for good.
func killedFlow(at moment, build, step string) string {
	command := "sleep 3"
	if at.name == "building" {
		command = "sleep " + build
	}
	return flow("killed", fmt.Sprintf("commands: ['echo %s; %s']", build, command), "echo begun\nsleep "+step)
}

// TestKill ends `stack` with SIGKILL at each moment, on both engines: within
// five seconds nothing of it runs, and ps says what became of the run.
func TestKill(t *testing.T) {
	for _, at := range moments() {
		t.Run(at.name, func(t *testing.T) {
			onEachEngine(t, func(t *testing.T, on place) {
				build, step := marker(t), marker(t)
				p := newProject(t, map[string]string{"stacks.hcl": stacks{}.hcl(t), "flow.yaml": killedFlow(at, build, step)}).on(on)
				s := p.start("run", "flow.yaml")
				at.wait(s, build, step)
				pid := s.cmd.Process.Pid
				plugins := append(children(pid, "stack-builder-docker"), children(pid, "stack-orchestrator-docker")...)
				s.signal(syscall.SIGKILL)
				s.wait(soon)

				within(t, soon, "the build's and the step's commands are gone", func() bool { return len(sleeping(build))+len(sleeping(step)) == 0 })
				within(t, soon, "the plugins have ended", func() bool {
					return len(processes(func(argv []string, p int) bool { return isOneOf(plugins, p) && strings.Contains(argv[0], "stack-") })) == 0
				})
				for _, run := range p.ps() {
					within(t, soon, "no container runs", func() bool { return len(on.running(t, run.Run)) == 0 })
				}
				if runs := p.ps(); len(runs) > 0 { // killed before the record was written, there is none
					p.explained([]string{"failed"}, []string{"host_lost"})
				} else if at.name != "planning" {
					t.Errorf("killed when the build or run had begun, and ps lists nothing")
				}
				// The project is not left locked or half-written: the next command works.
				p.must(0, "build", "flow.yaml", "--why")
			})
		})
	}
}

// TestKillOnThisMachine is the same for processes.
func TestKillOnThisMachine(t *testing.T) {
	t.Parallel()
	m := marker(t)
	p := newProject(t, map[string]string{"flow.yaml": sleeper(m)})
	s := p.start("run", "flow.yaml", "--stack", "local")
	s.untilTrue("the step runs", long, func() bool { return len(sleeping(m)) > 0 })
	s.signal(syscall.SIGKILL)
	s.wait(soon)
	within(t, soon, "the step is gone", func() bool { return len(sleeping(m)) == 0 })
	p.explained([]string{"failed"}, []string{"host_lost"})
}

// TestKillPlugin ends the orchestrator's process while a step runs: the command
// names it and ends with 1, its containers are stopped, ps explains.
func TestKillPlugin(t *testing.T) {
	t.Run("local", func(t *testing.T) {
		t.Parallel()
		m := marker(t)
		p := newProject(t, map[string]string{"flow.yaml": sleeper(m)})
		killPlugin(t, p, m, "stack-orchestrator-local", func(string) int { return 0 })
	})
	onEachEngine(t, func(t *testing.T, on place) {
		m := marker(t)
		p := newProject(t, map[string]string{"flow.yaml": sleeper(m), "stacks.hcl": stacks{}.hcl(t)}).on(on)
		killPlugin(t, p, m, "stack-orchestrator-docker", func(run string) int { return len(on.running(t, run)) })
	})
}

func killPlugin(t *testing.T, p *project, m, plugin string, containers func(string) int) {
	stack := strings.TrimPrefix(plugin, "stack-orchestrator-")
	s := p.start("run", "flow.yaml", "--stack", stack)
	s.untilTrue("the step runs", long, func() bool { return len(sleeping(m)) > 0 })
	pids := children(s.cmd.Process.Pid, plugin)
	if len(pids) == 0 {
		t.Fatalf("no process of %s below stack", plugin)
	}
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGKILL) // one may have ended with its parent
	}
	r := s.wait(20 * time.Second)
	if r.code != 1 {
		t.Errorf("exit status %d, want 1:\n%s", r.code, r)
	}
	p.wants(r, "STK8003", "orchestrator plugin "+stack)
	within(t, 2*soon, "the step is gone", func() bool { return len(sleeping(m)) == 0 })
	run := p.explained([]string{"failed"}, []string{"host_lost", "plugin_crashed"})
	within(t, 2*soon, "no container runs", func() bool { return containers(run.Run) == 0 })
}

// TestKillBuilder ends the builder's process while it builds.
func TestKillBuilder(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		m := marker(t)
		p := newProject(t, map[string]string{
			"stacks.hcl": stacks{}.hcl(t),
			"flow.yaml":  flow("slow", fmt.Sprintf("commands: ['sleep %s']", m), "true"),
		}).on(on)
		s := p.start("run", "flow.yaml")
		s.untilTrue("the build's command runs", long, func() bool { return len(sleeping(m)) > 0 })
		for _, pid := range children(s.cmd.Process.Pid, "stack-builder-docker") {
			_ = syscall.Kill(pid, syscall.SIGKILL) // one may have ended with its parent
		}
		r := s.wait(20 * time.Second)
		if r.code != 1 {
			t.Errorf("exit status %d, want 1:\n%s", r.code, r)
		}
		p.wants(r, "STK8003", "builder plugin docker")
		within(t, soon, "the build's command is gone", func() bool { return len(sleeping(m)) == 0 })
		p.explained([]string{"failed"}, []string{"build_failed", "plugin_crashed", "host_lost", ""})
	})
}

func isOneOf(all []int, n int) bool {
	for _, one := range all {
		if one == n {
			return true
		}
	}
	return false
}
