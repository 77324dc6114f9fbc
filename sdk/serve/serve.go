// Package serve is the main function of a plugin:
//
//	func main() { serve.Orchestrator(func() sdk.Orchestrator { return slurm.New() }) }
//
// It speaks the handshake and gRPC, and it keeps the promises that a host
// relies on: the process outlives a panic in one call, leaves Ctrl-C and
// terminate signals to the host, and ends within two seconds of the host's
// death, having stopped what it started.
//
// What it leaves to the implementation: everything that the sdk.Orchestrator
// interface says, and two optional methods, see Closer and Logging.
package serve

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"google.golang.org/grpc"

	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/wire"
)

// Closer is implemented by what has something to stop when the process ends:
// processes, containers, open files. Close is called once, when the host has
// said goodbye or has died, and has the time that ctx gives it (most of a second). A
// run that needs the host ends here.
type Closer interface {
	Close(ctx context.Context) error
}

// Logging is implemented by what writes a log. UseLogger is called once before
// any other method. What is logged goes to the host's log, never to the user's
// terminal; what steps write belongs in Logs.
type Logging interface {
	UseLogger(*slog.Logger)
}

// Orchestrator serves what newOrchestrator makes until the host is done with
// it. It does not return.
func Orchestrator(newOrchestrator func() sdk.Orchestrator) {
	os.Exit(Process(os.Args, Service{
		Kind:    "orchestrator",
		Name:    wire.ServiceName,
		Version: sdk.ProtocolVersion,
		New: func(log *slog.Logger) Instance {
			o := newOrchestrator()
			return Instance{
				Implementation: o,
				Register: func(server grpc.ServiceRegistrar) {
					wire.Register(server, o, func(p *wire.PanicError) {
						log.Error(p.Error(), "trace", p.Trace)
					})
				},
				Describe: func(ctx context.Context) (string, error) {
					info, err := o.Handshake(ctx, sdk.Host{})
					return info.Name + " " + info.Version, err
				},
			}
		},
	}))
}

// Service is a kind of plugin, for packages such as imagebuilders/serve that
// serve another interface than sdk.Orchestrator in the same way.
type Service struct {
	Kind    string // orchestrator: for people
	Name    string // of the service in go-plugin's terms
	Version int    // of the protocol
	New     func(*slog.Logger) Instance
}

// Instance is a running implementation of a Service.
type Instance struct {
	Implementation any // may be a Closer and Logging
	Register       func(grpc.ServiceRegistrar)
	Describe       func(context.Context) (string, error) // "NAME VERSION"
}

// Process is the whole life of a plugin's process, and gives its exit status.
func Process(args []string, s Service) int {
	if os.Getenv(wire.CookieKey) != wire.CookieValue {
		return explain(args, s)
	}
	log := newLogger(os.Stderr)
	instance := s.New(log)
	if l, ok := instance.Implementation.(Logging); ok {
		l.UseLogger(log)
	}
	listen(s, instance, log)
	return 0
}

// explain answers a person who has started the plugin by hand.
func explain(args []string, s Service) int {
	name := filepath.Base(args[0])
	if len(args) == 2 && (args[1] == "--version" || args[1] == "-version" || args[1] == "version") {
		text, err := s.New(slog.New(slog.DiscardHandler)).Describe(context.Background())
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
			return 1
		}
		fmt.Printf("%s (%s plugin of stack, protocol %d)\n", text, s.Kind, s.Version)
		return 0
	}
	text := fmt.Sprintf(`%s is a plugin of stack, of the kind %q. stack starts it when a stack in
stacks.hcl names it; started by hand it does nothing.

  %s --version    which version it is, and which protocol it speaks

To use it, put it beside the stack executable, or give its path:

  stack run flow.yaml --plugin NAME=%s
`, name, s.Kind, name, args[0])
	if len(args) == 2 && (args[1] == "--help" || args[1] == "-h" || args[1] == "-help" || args[1] == "help") {
		fmt.Print(text)
		return 0
	}
	fmt.Fprint(os.Stderr, text)
	return 2
}
