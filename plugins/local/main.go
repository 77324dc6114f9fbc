// Command stack-orchestrator-local runs steps as processes on this machine.
package main

import (
	"os"

	"github.com/stackrun/stack/plugins/local/internal/orchestrator"
	"github.com/stackrun/stack/plugins/local/internal/supervisor"
	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/serve"
)

func main() {
	supervisor.MainIfAsked(os.Args)
	serve.Orchestrator(func() sdk.Orchestrator { return orchestrator.New() })
}
