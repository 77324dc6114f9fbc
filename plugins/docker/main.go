// Command stack-orchestrator-docker runs steps as containers on a Docker
// Engine.
package main

import (
	"os"

	"github.com/stackrun/stack/plugins/docker/internal/orchestrator"
	"github.com/stackrun/stack/plugins/docker/internal/reaper"
	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/serve"
)

func main() {
	reaper.MainIfAsked(os.Args)
	serve.Orchestrator(func() sdk.Orchestrator { return orchestrator.New() })
}
