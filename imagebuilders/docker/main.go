// Command stack-builder-docker builds images with the Docker Engine, as a
// process that stack starts and talks to.
package main

import (
	"os"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/imagebuilders/docker/builder"
	"github.com/stackrun/stack/imagebuilders/serve"
)

func main() {
	serve.Builder(func() build.Builder { return builder.New(builder.Options{Environ: os.Environ()}) })
}
