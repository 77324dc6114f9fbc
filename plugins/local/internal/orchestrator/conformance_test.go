package orchestrator

import (
	"os"
	"testing"

	"github.com/stackrun/stack/plugins/local/internal/supervisor"
	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/conformance"
)

// The test binary is also the supervisor of the steps that tests run.
func TestMain(m *testing.M) {
	supervisor.MainIfAsked(os.Args)
	os.Exit(m.Run())
}

func TestConformance(t *testing.T) {
	conformance.Run(t, conformance.Factory{
		InProcess:   true,
		Environment: map[string]string{"PATH": os.Getenv("PATH"), "HOME": t.TempDir()},
		Open: func(t testing.TB) sdk.Orchestrator {
			l := New()
			t.Cleanup(func() {
				if err := l.Close(t.Context()); err != nil && t.Context().Err() == nil {
					t.Error(err)
				}
			})
			return l
		},
	})
}
