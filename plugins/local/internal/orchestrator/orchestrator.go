// Package orchestrator runs the steps of a flow as processes on this machine,
// in the caller's environment and from the source root. It promises that
// nothing of a step is left running once the step has ended or the plugin is
// gone, and that what a step asks for is here or refused. It leaves the graph
// to package driver and the processes to package supervisor.
package orchestrator

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/user"
	"runtime/debug"

	"github.com/stackrun/stack/plugins/local/internal/machine"
	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/driver"
)

// Local is the orchestrator.
type Local struct {
	log     *slog.Logger
	machine machine.Machine

	environment map[string]string
	state       string         // folder of the plugin's own
	store       string         // folder of the artifact store
	driver      *driver.Driver // nil until Configure
}

// New makes an orchestrator for this machine.
func New() *Local {
	return &Local{log: slog.New(slog.DiscardHandler), machine: machine.This()}
}

// UseLogger has the host's log take what goes on here.
func (l *Local) UseLogger(log *slog.Logger) { l.log = log }

// Handshake says what processes on this machine can do.
func (l *Local) Handshake(context.Context, sdk.Host) (sdk.Info, error) {
	return sdk.Info{Name: "local", Version: version(), Capabilities: []sdk.Capability{sdk.CapLocalFiles, sdk.CapHostEnvironment}}, nil
}

// version is that of the module that the executable was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "dev"
	}
	return info.Main.Version
}

// Schema describes the configuration.
func (l *Local) Schema(context.Context) (sdk.Schema, error) { return schema(), nil }

// Validate checks the configuration.
func (l *Local) Validate(_ context.Context, stack sdk.Config, _ map[string]sdk.Config) ([]sdk.Diagnostic, error) {
	_, problems := decode(stack, l.machine.Cores)
	return problems, nil
}

// Configure fixes the configuration, and ends runs of processes that have died.
func (l *Local) Configure(_ context.Context, c sdk.Configuration) (sdk.Identity, []sdk.Diagnostic, error) {
	config, problems := decode(c.Stack, l.machine.Cores)
	if len(problems) > 0 {
		return sdk.Identity{}, problems, nil
	}
	store, err := driver.StoreDir(c.ArtifactStore)
	if err != nil {
		return sdk.Identity{}, nil, &sdk.Error{Origin: sdk.OriginUser, Message: err.Error(), Hint: "Leave the stack's artifact_store out, or let it be a folder."}
	}
	program, err := os.Executable()
	if err != nil {
		return sdk.Identity{}, nil, err
	}
	l.environment, l.state, l.store = c.Environment, c.StateDir, store
	l.driver = driver.New(&executor{program: program, base: c.Environment}, driver.Options{
		StateDir: c.StateDir, Store: store, MaxParallel: config.maxParallel, Grace: config.grace,
	})
	if err := l.driver.Recover(); err != nil {
		l.log.Warn("runs whose process has ended could not be looked after", "error", err)
	}
	identity := sdk.Identity{Account: l.machine.Host}
	if u, err := user.Current(); err == nil {
		identity.Principal = u.Username
	}
	return identity, nil, nil
}

var errNotConfigured = errors.New("the plugin was not configured")

// Submit starts a run in this process.
func (l *Local) Submit(ctx context.Context, w sdk.Workflow, _ []byte) (sdk.Submission, error) {
	if l.driver == nil {
		return sdk.Submission{}, errNotConfigured
	}
	return l.driver.Submit(ctx, w)
}

// Watch tells how a run fares.
func (l *Local) Watch(ctx context.Context, req sdk.WatchRequest, yield func(sdk.Event) error) error {
	if l.driver == nil {
		return errNotConfigured
	}
	return l.driver.Watch(ctx, req, yield)
}

// Logs tells what steps wrote.
func (l *Local) Logs(ctx context.Context, req sdk.LogsRequest, yield func(sdk.LogChunk) error) error {
	if l.driver == nil {
		return errNotConfigured
	}
	return l.driver.Logs(ctx, req, yield)
}

// Cancel stops a run.
func (l *Local) Cancel(ctx context.Context, req sdk.CancelRequest) (bool, error) {
	if l.driver == nil {
		return false, errNotConfigured
	}
	return l.driver.Cancel(ctx, req)
}

// List finds runs.
func (l *Local) List(ctx context.Context, req sdk.ListRequest) ([]sdk.RunSummary, string, error) {
	if l.driver == nil {
		return nil, "", errNotConfigured
	}
	return l.driver.List(ctx, req)
}

// Close ends the runs of this process.
func (l *Local) Close(ctx context.Context) error {
	if l.driver == nil {
		return nil
	}
	return l.driver.Close(ctx)
}
