package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/run"
	"github.com/stackrun/stack/sdk"
)

func TestPSTable(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	before := func(d time.Duration) *time.Time { at := now.Add(-d); return &at }
	three := 3
	runs := []listedRun{
		{run.Record{ID: "built", Flow: "f", Stack: "docker", State: sdk.StateFailed, Created: *before(50 * time.Hour), Ended: before(50*time.Hour - 4*time.Second),
			Message: "build of app failed: pip cannot find the package that the flow asks for\nlast lines", Steps: []run.Step{{Name: "a", State: sdk.StateSkipped}}}, "/home/me/p"},
		{run.Record{ID: "step", Flow: "f", Stack: "local", State: sdk.StateFailed, Created: *before(2 * time.Minute), Started: before(90 * time.Second), Ended: before(50 * time.Second),
			Reason: sdk.ReasonExitCode, Message: "failed: a", Steps: []run.Step{{Name: "a", State: sdk.StateFailed, Reason: sdk.ReasonExitCode, ExitCode: &three}}}, "/srv/p"},
		{Record: run.Record{ID: "lost", Flow: "f", Stack: "local", State: sdk.StateFailed, Created: *before(5 * time.Second), Started: before(5 * time.Second), Ended: before(0),
			Reason: sdk.ReasonHostLost, Message: "stack ended"}},
	}
	for _, tc := range []struct {
		name     string
		projects bool
		want     []string
	}{
		{"one project", false, []string{
			"RUN    FLOW  STACK   STATE   STARTED    TOOK  STEPS  WHY",
			"built  f     docker  failed  2d02h ago  4.0s  0/1    build of app failed: pip cannot find the package that the f…",
			"step   f     local   failed  1m30s ago  40s   0/1    a: exit_code 3",
			"lost   f     local   failed  5s ago     5.0s  0/0    host_lost: stack ended",
		}},
		{"all projects", true, []string{
			"RUN    FLOW  STACK   PROJECT  STATE   STARTED    TOOK  STEPS  WHY",
			"built  f     docker  ~/p      failed  2d02h ago  4.0s  0/1    build of app failed: pip cannot find the package that the f…",
			"step   f     local   /srv/p   failed  1m30s ago  40s   0/1    a: exit_code 3",
			"lost   f     local   -        failed  5s ago     5.0s  0/0    host_lost: stack ended",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out bytes.Buffer
			a := &app{Program: Program{Stdout: &out, Environ: []string{"HOME=/home/me"}, Now: func() time.Time { return now }}}
			if err := a.printRuns(runs, tc.projects); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPSListsNoRunTwice(t *testing.T) {
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	runs := []listedRun{
		{run.Record{ID: "a", Created: at}, "/one"},
		{run.Record{ID: "a", Created: at}, "/link/to/one"},
		{run.Record{ID: "a", Created: at.Add(time.Second)}, "/other"}, // the user's own --run-id
	}
	var roots []string
	for _, r := range once(runs) {
		roots = append(roots, r.root)
	}
	if diff := cmp.Diff([]string{"/one", "/other"}, roots); diff != "" {
		t.Error(diff)
	}
}
