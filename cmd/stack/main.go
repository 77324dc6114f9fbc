// Command stack runs one flow on any accelerator you have.
package main

import (
	"os"
	"runtime/debug"

	"github.com/stackrun/stack/core/cli"
)

// version is set when a release is built.
var version = "dev"

func main() {
	debug.SetGCPercent(400) // commands are short and small: collecting costs more than it frees
	ctx, stop := cli.Signals()
	status := cli.Main(ctx, cli.FromOS(version))
	stop()
	os.Exit(status)
}
