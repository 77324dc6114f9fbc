// Package serve is the main function of an image builder that is a process of
// its own:
//
//	func main() { serve.Builder(func() build.Builder { return docker.New() }) }
//
// It keeps the promises of sdk/serve, which it rests on: Closer and Logging of
// that package work for builders too.
package serve

import (
	"context"
	"log/slog"
	"os"

	"google.golang.org/grpc"

	"github.com/stackrun/stack/core/build"
	builderwire "github.com/stackrun/stack/imagebuilders/wire"
	"github.com/stackrun/stack/sdk/serve"
	"github.com/stackrun/stack/sdk/wire"
)

// Builder serves what newBuilder makes until the host is done with it. It does
// not return.
func Builder(newBuilder func() build.Builder) {
	os.Exit(serve.Process(os.Args, serve.Service{
		Kind:    "builder",
		Name:    builderwire.ServiceName,
		Version: builderwire.ProtocolVersion,
		New: func(log *slog.Logger) serve.Instance {
			b := newBuilder()
			return serve.Instance{
				Implementation: b,
				Register: func(server grpc.ServiceRegistrar) {
					builderwire.Register(server, b, func(p *wire.PanicError) {
						log.Error(p.Error(), "trace", p.Trace)
					})
				},
				Describe: func(ctx context.Context) (string, error) {
					description, err := b.Describe(ctx)
					return description.Name, err
				},
			}
		},
	}))
}
