package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"

	"github.com/stackrun/stack/core/diag"
	builderwire "github.com/stackrun/stack/imagebuilders/wire"
	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/wire"
)

// LaunchOptions is what a process is started with.
type LaunchOptions struct {
	Host           sdk.Host
	Environ        []string      // the caller's; a plugin gets an allow-list of it
	Pass           []string      // further names that a stack declares
	Log            *slog.Logger  // what the plugin logs; nil discards it
	ExpectedSHA256 string        // hex; empty: any
	Hashes         Hashes        // remembers digests of executables
	TempDir        string        // where the socket's folder is made; empty: a short one is chosen
	StartTimeout   time.Duration // 0: 30 s
}

// Process is a plugin that runs.
type Process struct {
	Plugin Plugin
	Info   sdk.Info // of an orchestrator

	child   *child
	client  *plugin.Client
	conn    *grpc.ClientConn
	stderr  *stderrLog
	closing sync.Once
	closed  chan struct{} // closed when the host has ended it
}

// Launch starts a plugin and waits until it answers: an orchestrator has said
// who it is. The end of ctx stops the start, and does nothing later. The error
// is a *diag.Failure that names the plugin, or ctx's.
func Launch(ctx context.Context, p Plugin, o LaunchOptions) (*Process, error) {
	if err := o.check(p); err != nil {
		return nil, err
	}
	dir, err := socketBase(o.TempDir, o.Environ)
	if err != nil {
		return nil, diag.Fail(diag.DiskFull, fmt.Errorf("%s: %w", p, err), "Set TMPDIR to a folder with a short path that you may write to.")
	}
	process := &Process{
		Plugin: p,
		child:  newChild(p.Path),
		stderr: &stderrLog{log: o.Log},
		closed: make(chan struct{}),
	}
	process.client = plugin.NewClient(process.clientConfig(o, dir))

	limit := o.StartTimeout
	if limit == 0 {
		limit = 30 * time.Second
	}
	startCtx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	started := make(chan answer, 1)
	go func() { started <- process.start(startCtx, o.Host) }()
	var first answer
	select {
	case first = <-started:
	case <-startCtx.Done():
		first.err = startCtx.Err()
	}
	process.conn, process.Info = first.conn, first.info
	if first.err == nil {
		return process, nil
	}
	failure := fmt.Errorf("start %s: %w", p, ctx.Err())
	if ctx.Err() == nil {
		failure = process.explainStart(first.err, startCtx.Err() != nil, limit)
	}
	select {
	case <-process.Kill():
	case <-time.After(politeTime): // the process cannot be killed
	}
	return nil, failure
}

func (o LaunchOptions) check(p Plugin) error {
	if o.ExpectedSHA256 == "" {
		return nil
	}
	sum, err := o.Hashes.SHA256(p.Path)
	if err != nil {
		return diag.Fail(diag.PluginHash, fmt.Errorf("%s: %w", p, err), "")
	}
	if sum != o.ExpectedSHA256 {
		return diag.Fail(diag.PluginHash,
			fmt.Errorf("%s: %s has SHA-256 %s, not the locked %s", p, p.Path, sum, o.ExpectedSHA256),
			"If you meant to change it, lock it again; otherwise do not run it.")
	}
	return nil
}

// answer is what a plugin has said first.
type answer struct {
	conn *grpc.ClientConn
	info sdk.Info
	err  error
}

// start brings the process up to its first answer.
func (p *Process) start(ctx context.Context, host sdk.Host) answer {
	protocol, err := p.client.Client()
	if err != nil {
		return answer{err: err}
	}
	connected, ok := protocol.(*plugin.GRPCClient)
	if !ok {
		return answer{err: errors.New("the plugin does not speak gRPC")}
	}
	first := answer{conn: connected.Conn}
	switch p.Plugin.Kind {
	case Orchestrator:
		first.info, first.err = wire.NewClient(first.conn).Handshake(ctx, host)
	case Builder:
		_, first.err = builderwire.NewClient(first.conn).Describe(ctx)
	}
	return first
}

func (p *Process) clientConfig(o LaunchOptions, dir string) *plugin.ClientConfig {
	name := wire.ServiceName
	if p.Plugin.Kind == Builder {
		name = builderwire.ServiceName
	}
	environ := environment(o.Environ, o.Pass)
	return &plugin.ClientConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			MagicCookieKey:   wire.CookieKey,
			MagicCookieValue: wire.CookieValue,
		},
		// More versions than one would go here, each with its own wire package.
		VersionedPlugins: map[int]plugin.PluginSet{protocolVersion: {name: nil}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		RunnerFunc: func(_ hclog.Logger, spec *exec.Cmd, socketDir string) (runner.Runner, error) {
			p.child.socketDir = socketDir
			p.child.environ = append(environ, spec.Env...)
			return p.child, nil
		},
		SkipHostEnv:      true,
		StartTimeout:     time.Hour, // Launch has its own limit
		Logger:           hclog.NewNullLogger(),
		Stderr:           p.stderr,
		SyncStdout:       &stray{log: o.Log, stream: "stdout"},
		SyncStderr:       p.stderr,
		GRPCDialOptions:  wire.DialOptions(),
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: dir},
	}
}

// protocolVersion is the same for every kind of plugin today: orchestrators and
// builders share one transport.
const protocolVersion = sdk.ProtocolVersion
