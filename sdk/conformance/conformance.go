// Package conformance is the suite that every orchestrator plugin passes. It
// knows the sdk.Orchestrator interface and nothing of the platform behind it:
// steps are shell scripts, and what they did is read from their logs.
//
//	func TestConformance(t *testing.T) {
//		conformance.Run(t, conformance.Factory{Open: open, ...})
//	}
//
// It promises to test what the comments in package sdk say, and no more. What
// a plugin does not claim to do (a capability) is not tested. How a plugin is
// built and started is left to Factory.Open.
package conformance

import (
	"os"
	"testing"
	"time"

	"github.com/stackrun/stack/sdk"
)

// Factory is the plugin under test.
type Factory struct {
	// Open gives the orchestrator as a host that has just started gets it: for
	// a plugin, in a process of its own. It is ended by t.Cleanup. The suite
	// configures it.
	Open func(t testing.TB) sdk.Orchestrator

	// Stack is the configuration, as it matches the schema. nil is {}.
	Stack sdk.Config

	// Image is what steps run in, with a POSIX shell as /bin/sh and the usual
	// commands; nil without capability images.
	Image *sdk.Image

	// Running lists what still exists of a run on the platform and costs
	// something: processes, containers, jobs. nil skips what needs it.
	Running func(t testing.TB, runID string) []string

	// Environment is passed where the plugin has capability host_environment.
	Environment map[string]string

	// ArtifactStore is the URL of a store. Empty: a folder of this machine.
	ArtifactStore string

	// InProcess says that Open makes no process, so that nothing can be said
	// about the death of the host.
	InProcess bool

	// Patience is how long one run of the suite, a few short scripts, may take.
	// 0 is a minute.
	Patience time.Duration
}

// Run runs the suite. The test that calls it is also run as a second process,
// which plays a host that is killed; it must do nothing before Run that it may
// not do twice.
func Run(t *testing.T, f Factory) {
	if f.Patience == 0 {
		f.Patience = time.Minute
	}
	if f.Stack == nil {
		f.Stack = sdk.Config("{}")
	}
	if os.Getenv(hostVariable) != "" {
		playHost(t, f)
		return
	}
	name := t.Name()
	t.Run("suite", func(t *testing.T) { // returns when all its parts are done
		for _, part := range []struct {
			name string
			test func(*testing.T, Factory)
		}{
			{"describe", testDescribe},
			{"plan", testPlan},
			{"submit", testSubmit},
			{"watch", testWatch},
			{"graph", testGraph},
			{"attempts", testAttempts},
			{"files", testFiles},
			{"environment", testEnvironment},
			{"logs", testLogs},
			{"cancel", testCancel},
			{"list", testList},
			{"protocol", testProtocol},
			{"restart", testRestart},
		} {
			t.Run(part.name, func(t *testing.T) {
				t.Parallel()
				part.test(t, f)
			})
		}
		t.Run("host death", func(t *testing.T) {
			t.Parallel()
			testHostDeath(t, f, name)
		})
	})
}
