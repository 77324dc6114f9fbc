//go:build e2e

package e2e_test

import (
	"strings"
	"testing"
	"time"
)

// TestWhatIsMissing: each says what happened, what to do, and ends with the
// status that a script tells it by; soon, and with nothing submitted.
func TestWhatIsMissing(t *testing.T) {
	on := engines(t)[0]
	for _, test := range []struct {
		name   string
		stacks stacks
		flow   string
		host   string
		code   int
		says   []string
	}{
		{"registry_down", stacks{registry: "127.0.0.1:1/nothing"}, flow("down", "", "true"), on.host, 5, []string{"STK5003", "127.0.0.1:1"}},
		{"engine_down", stacks{}, flow("down", "", "true"), "unix:///run/stack-e2e/nobody.sock", 5, []string{"STK5002", "/run/stack-e2e/nobody.sock"}},
		{"base_missing", stacks{}, "version: 1\nname: base\nimage: {base_image: \"no-such-base:1\"}\nsteps:\n  only: {run: 'true'}\n", on.host, 4, []string{"STK4001", "no-such-base:1"}},
		{"build_fails", stacks{}, flow("fails", "commands: ['echo the last words; exit 7']", "true"), on.host, 5, []string{"STK5001", "the last words", "7"}},
		{"requirement_missing", stacks{}, flow("fails", "requirements: ['stack-e2e-no-such-package-xyzzy==1']", "true"), on.host, 5, []string{"STK5001", "stack-e2e-no-such-package-xyzzy"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, map[string]string{"stacks.hcl": test.stacks.hcl(t), "flow.yaml": test.flow}).on(place{host: test.host})
			r := p.must(test.code, "run", "flow.yaml")
			p.wants(r, test.says...)
			if r.took > 90*time.Second {
				t.Errorf("took %s to say so", r.took)
			}
			for _, run := range p.ps() {
				if !run.final() || run.State == "succeeded" {
					t.Errorf("ps says %+v", run)
				}
			}
			if strings.Contains(r.all(), "goroutine ") {
				t.Errorf("a stack trace for the user:\n%s", r)
			}
		})
	}
}

// TestDoctorNamesWhatIsMissing: the command that every message sends users to.
func TestDoctorNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]string{"stacks.hcl": stacks{}.hcl(t)})
	p.env = append(p.env, "DOCKER_HOST=unix:///run/stack-e2e/nobody.sock")
	r := p.stack("doctor", "--stack", "docker")
	if r.code == 0 {
		t.Errorf("doctor finds nothing wrong without an engine:\n%s", r)
	}
	p.wants(r, "nobody.sock")
}

// TestAStepOutOfMemory: memory limits are real, and the reason says so.
func TestAStepOutOfMemory(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		p := newProject(t, map[string]string{
			"stacks.hcl": stacks{}.hcl(t),
			"flow.yaml": `version: 1
name: big
image: {base_image: "python:3.11-slim", mode: custom}
steps:
  only:
    resources: {memory: 64MiB}
    command: [python3, -c, "x = bytearray(512 << 20)"]
`}).on(on)
		p.must(7, "run", "flow.yaml")
		run := p.onlyRun()
		if len(run.Steps) != 1 || run.Steps[0].Reason != "oom" {
			t.Errorf("ps says %+v", run)
		}
	})
}
