// Command stack runs one flow on any accelerator you have.
package main

import (
	"context"
	"os"

	"github.com/stackrun/stack/core/cli"
)

// version is set when a release is built.
var version = "dev"

func main() {
	ctx, stop := cli.Signals()
	status := run(ctx)
	stop()
	os.Exit(status)
}

func run(ctx context.Context) int { return cli.Main(ctx, cli.FromOS(version)) }
