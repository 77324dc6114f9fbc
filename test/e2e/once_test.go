//go:build e2e

package e2e_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestTwoBuildsOfOneKey: two commands at the same time build an equal image
// once. Every build of it would give another digest: it holds a random number,
// and no layer is cached.
func TestTwoBuildsOfOneKey(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		m := marker(t)
		p := newProject(t, map[string]string{
			"stacks.hcl": stacks{registry: ownRegistry(t)}.hcl(t),
			"flow.yaml": flow("once", fmt.Sprintf("build: {no_cache: true}, commands: ['sleep 3; echo %s; cat /proc/sys/kernel/random/uuid > /uuid']", m),
				"true"),
		}).on(on)
		one, two := p.start("build", "flow.yaml"), p.start("build", "flow.yaml")
		a, b := one.wait(long), two.wait(long)
		if a.code != 0 || b.code != 0 {
			t.Fatalf("exit status %d and %d, want 0:\n%s\n%s", a.code, b.code, a, b)
		}
		x, y := images(t, a)[0], images(t, b)[0]
		if x.Digest == nil || y.Digest == nil || *x.Digest != *y.Digest {
			t.Errorf("built twice: %+v and %+v", x, y)
		}
	})
}

// TestOneRunIDOneSubmission: a repeated command with the same run id does not
// run the steps again.
func TestOneRunIDOneSubmission(t *testing.T) {
	t.Parallel()
	count := filepath.Join(t.TempDir(), "count")
	p := newProject(t, map[string]string{"flow.yaml": fmt.Sprintf("version: 1\nname: once\nsteps:\n  only: {run: 'echo ran >> \"%s\"'}\n", count)})
	p.must(0, "run", "flow.yaml", "--stack", "local", "--run-id", "once-1")
	again := p.must(2, "run", "flow.yaml", "--stack", "local", "--run-id", "once-1")
	p.wants(again, "STK7006", "once-1")
	if got := (&project{t: t, dir: filepath.Dir(count)}).read("count"); got != "ran\n" {
		t.Errorf("the step ran %d times", strings.Count(got, "ran"))
	}
	if run := p.onlyRun(); run.Run != "once-1" || run.State != "succeeded" {
		t.Errorf("ps says %+v", run)
	}
}

// TestASavedPlanRunsOrIsStale: exactly what was saved, or 10.
func TestASavedPlanRunsOrIsStale(t *testing.T) {
	on := engines(t)[0]
	p := newProject(t, map[string]string{
		"stacks.hcl": stacks{}.hcl(t),
		"say.sh":     "echo as planned\n",
		"flow.yaml":  flow("saved", "", "sh say.sh"),
	}).on(on)
	p.must(0, "plan", "flow.yaml", "-O", "plan.json")
	p.wants(p.must(0, "run", "plan.json"), "as planned")
	p.write("say.sh", "echo something else\n")
	r := p.must(10, "run", "plan.json")
	p.wants(r, "STK7004", "say.sh")
	if len(p.ps()) != 1 {
		t.Errorf("a stale plan made a run:\n%s", r)
	}
}
