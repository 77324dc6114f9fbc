package conformance_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stackrun/stack/core/pluginhost"
	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/conformance"
	"github.com/stackrun/stack/sdk/serve"
)

const (
	pluginVariable = "STACK_TEST_PLATFORM" // the test binary plays the plugin
	faultVariable  = "STACK_TEST_FAULT"    // what is wrong with it
)

func TestMain(m *testing.M) {
	if os.Getenv(pluginVariable) != "" {
		serve.Orchestrator(func() sdk.Orchestrator { return &platform{fault: os.Getenv(faultVariable)} })
	}
	os.Exit(m.Run())
}

func TestConformance(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	conformance.Run(t, conformance.Factory{Open: func(t testing.TB) sdk.Orchestrator {
		p, err := pluginhost.Launch(t.Context(),
			pluginhost.Plugin{Kind: pluginhost.Orchestrator, Name: "platform", Path: program},
			pluginhost.LaunchOptions{
				Environ: append(os.Environ(), pluginVariable+"=1"),
				Pass:    []string{pluginVariable, faultVariable},
			})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Close(context.Background()) })
		return p.Orchestrator()
	}})
}

// TestFaultsAreFound runs the suite, or the part of it that should notice, on
// a platform with one thing wrong.
func TestFaultsAreFound(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ fault, part, says string }{
		{"undocumented", "describe", "queue has no doc"},
		{"path", "describe", "[quue], which is not in the schema"},
		{"placement", "plan", "1 placements for 2 steps"},
		{"fresh", "submit", "does not say so"},
		{"snapshot", "watch/a_run_that_has_ended", "the snapshot has no end"},
		{"final", "watch/a_run_that_has_ended", "not final"},
		{"exit", "watch/a_run_that_has_ended", "the snapshot says of prepare"},
		{"reason", "graph/a_failure", "the failure is told as"},
		{"fast", "graph/slow", `"y" ended`},
		{"parallel", "graph/max_parallel", "of a group that may have two"},
		{"retry", "attempts/retry", "want 1, 2 and 3"},
		{"text", "logs/bytes", "standard output is"},
		{"resume", "logs/resume", "no resume token"},
		{"tail", "logs/tail", "the last three lines"},
		{"cancel", "submit/a_run_that", "Cancel of a run that does not exist"},
		{"labels", "list", "a_label_that_no_run_has"},
		{"close", "host_death", "still run"},
	} {
		t.Run(tc.fault, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(program, "-test.run=^TestConformance$/^suite$/"+tc.part, "-test.count=1")
			cmd.Env = append(os.Environ(), faultVariable+"="+tc.fault)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), tc.says) {
				t.Errorf("the suite does not say %q (%v):\n%s", tc.says, err, out)
			}
		})
	}
}
