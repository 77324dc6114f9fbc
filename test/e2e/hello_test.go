//go:build e2e

package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestHelloOnThisMachine is the first thing that a new user does.
func TestHelloOnThisMachine(t *testing.T) {
	t.Parallel()
	p := exampleProject(t, "hello")
	r := p.must(0, "run", "flow.yaml", "--stack", "local", "-p", "greeting=Good day")
	p.wants(r, "Good day, world.", "Good day, moon.", "GOOD DAY, WORLD!", "GOOD DAY, MOON!", "wrote 2 names")

	run := p.onlyRun()
	if run.State != "succeeded" || run.Flow != "hello" || run.Stack != "local" || len(run.Steps) != 4 {
		t.Errorf("ps says %+v", run)
	}
	for _, s := range run.Steps {
		if s.State != "succeeded" || s.Attempt != 1 || s.ExitCode == nil || *s.ExitCode != 0 {
			t.Errorf("ps says of a step: %+v", s)
		}
	}

	logs := p.must(0, "logs", run.Run, "--step", "report")
	if want := "Good day, world."; !strings.Contains(logs.stdout, want) {
		t.Errorf("the log of report lacks %q:\n%s", want, logs)
	}
	if strings.Contains(logs.stdout, "wrote 2 names") {
		t.Errorf("the log of report has another step's output:\n%s", logs)
	}
	p.wants(p.must(0, "watch", run.Run), "succeeded")
	p.wants(p.must(0, "ps"), run.Run, "succeeded", "4/4")
}

// TestEventsAreJSONLines: a script reads a run as it happens.
func TestEventsAreJSONLines(t *testing.T) {
	t.Parallel()
	p := exampleProject(t, "hello")
	r := p.must(0, "run", "flow.yaml", "--stack", "local", "-o", "json")
	var lines []string
	states := map[string]string{}
	ended := ""
	for _, line := range strings.Split(strings.TrimSpace(r.stdout), "\n") {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("not an event: %q: %v", line, err)
		}
		switch e.Type {
		case "log":
			lines = append(lines, e.Message)
		case "step.status":
			if was := states[e.Step]; e.From != "" && was != "" && e.From != was {
				t.Errorf("%s goes from %q to %q, but was %q", e.Step, e.From, e.To, was)
			}
			states[e.Step] = e.To
		case "run.status":
			ended = e.To
		}
	}
	if ended != "succeeded" {
		t.Errorf("the last run.status says %q:\n%s", ended, r)
	}
	for _, step := range []string{"names", "report"} {
		if states[step] != "succeeded" {
			t.Errorf("the last status of %s is %q", step, states[step])
		}
	}
	if !oneOf(lines, "Hello, world.") || !oneOf(lines, "HELLO, MOON!") {
		t.Errorf("log events lack what steps wrote: %q", lines)
	}
}

// TestFailuresOnThisMachine: retries, what follows a failure, and what ps says of it.
func TestFailuresOnThisMachine(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]string{"flow.yaml": `version: 1
name: bad
steps:
  fails:
    retry: {max: 1, backoff: 100ms}
    run: exit 3
  after:
    needs: [fails]
    run: echo never
  always:
    needs: [fails]
    when: always
    run: echo cleaned up
`})
	r := p.must(7, "run", "flow.yaml", "--stack", "local")
	p.wants(r, "cleaned up", "fails")
	if strings.Contains(r.all(), "never\n") {
		t.Errorf("a step ran though what it needs failed:\n%s", r)
	}
	run := p.onlyRun()
	if run.State != "failed" {
		t.Errorf("ps says %+v", run)
	}
	for _, s := range run.Steps {
		switch s.Name {
		case "fails":
			if s.State != "failed" || s.Reason != "exit_code" || s.ExitCode == nil || *s.ExitCode != 3 || s.Attempt != 2 {
				t.Errorf("ps says of the failed step: %+v", s)
			}
		case "after":
			if s.State != "skipped" || s.Reason != "upstream" {
				t.Errorf("ps says of the step after it: %+v", s)
			}
		case "always":
			if s.State != "succeeded" {
				t.Errorf("ps says of the step that always runs: %+v", s)
			}
		}
	}
}

// TestAFlowWithMistakes: all of them at once, each with its place, and 2.
func TestAFlowWithMistakes(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]string{"flow.yaml": `version: 1
name: bad
steps:
  one:
    run: "true"
    resources: {acelerator: h100}
  two:
    needs: [onne]
    run: "true"
`})
	r := p.must(2, "validate", "flow.yaml")
	p.wants(r, "flow.yaml:6:17", "STK1203", `did you mean "accelerator"?`, "flow.yaml:8:13", "STK1301")

	j := p.must(2, "run", "flow.yaml", "--stack", "local", "-o", "json")
	var out struct {
		Diagnostics []struct {
			Code  string `json:"code"`
			Range struct {
				File string `json:"file"`
				Line int    `json:"line"`
			} `json:"range"`
		} `json:"diagnostics"`
	}
	if err := json.Unmarshal([]byte(j.stdout), &out); err != nil || len(out.Diagnostics) != 2 {
		t.Errorf("want two diagnostics on standard output (%v):\n%s", err, j)
	}
	if runs := p.ps(); len(runs) != 0 {
		t.Errorf("an invalid flow left a run: %+v", runs)
	}
}
