package orchestrator

import (
	"os"
	"testing"

	"github.com/stackrun/stack/plugins/docker/internal/reaper"
)

// The test binary is also the reaper of the containers that tests start.
func TestMain(m *testing.M) {
	reaper.MainIfAsked(os.Args)
	os.Exit(m.Run())
}
