// Package orchestrator runs the steps of a flow as containers on a Docker
// Engine, near or far. It promises that a container is removed once its output
// and its files have been taken, or when the plugin that made it is gone, and
// that files pass through the engine's API, so that neither a shared file
// system nor a particular user is needed. It leaves the graph to package
// driver.
package orchestrator

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/moby/moby/client"

	"github.com/stackrun/stack/plugins/docker/internal/engine"
	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/driver"
)

// Docker is the orchestrator.
type Docker struct {
	log *slog.Logger

	config   stackConfig
	client   *client.Client // nil until Configure
	facts    facts
	silence  error // why facts are not known
	executor *executor
	driver   *driver.Driver
}

// New makes an orchestrator.
func New() *Docker { return &Docker{log: slog.New(slog.DiscardHandler)} }

// UseLogger has the host's log take what goes on here.
func (d *Docker) UseLogger(log *slog.Logger) { d.log = log }

// Handshake says what an engine can do.
func (d *Docker) Handshake(context.Context, sdk.Host) (sdk.Info, error) {
	return sdk.Info{Name: "docker", Version: version(), Capabilities: []sdk.Capability{sdk.CapImages, sdk.CapOnlinePlan}}, nil
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
func (d *Docker) Schema(context.Context) (sdk.Schema, error) { return schema(), nil }

// Validate checks the configuration.
func (d *Docker) Validate(_ context.Context, stack sdk.Config, steps map[string]sdk.Config) ([]sdk.Diagnostic, error) {
	_, found := decodeStack(stack)
	for name, step := range steps {
		_, problems := decodeStep(name, step)
		found = append(found, problems...)
	}
	return found, nil
}

// askTime is how long an engine may take to answer Configure.
const askTime = 5 * time.Second

// Configure fixes the configuration, asks the engine who it is, and ends runs
// of processes that have died. An engine that does not answer is a warning:
// what is known of earlier runs can be told without it.
func (d *Docker) Configure(ctx context.Context, c sdk.Configuration) (sdk.Identity, []sdk.Diagnostic, error) {
	config, found := decodeStack(c.Stack)
	if len(found) > 0 {
		return sdk.Identity{}, found, nil
	}
	store, err := driver.StoreDir(c.ArtifactStore)
	if err != nil {
		return sdk.Identity{}, nil, &sdk.Error{Origin: sdk.OriginUser, Message: err.Error(), Hint: "Leave the stack's artifact_store out, or let it be a folder."}
	}
	program, err := os.Executable()
	if err != nil {
		return sdk.Identity{}, nil, err
	}
	cli, err := engine.Connect(config.Host)
	if err != nil {
		return sdk.Identity{}, nil, err
	}
	d.config, d.client = config, cli
	d.executor = &executor{client: cli, config: config, program: program, log: d.log}
	options := driver.Options{StateDir: c.StateDir, Store: store, Grace: config.grace}
	if config.MaxParallel != nil {
		options.MaxParallel = int(*config.MaxParallel)
	}
	d.driver = driver.New(d.executor, options)

	asking, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	if d.facts, d.silence = askFacts(asking, cli); d.silence != nil {
		if ctx.Err() != nil {
			return sdk.Identity{}, nil, ctx.Err()
		}
		warning := sdk.Diagnostic{Severity: sdk.SeverityWarning, Summary: d.silence.Error(), Path: sdk.Path{Root: sdk.RootStack}}
		var why *sdk.Error
		if errors.As(d.silence, &why) {
			warning.Suggestion = why.Hint
		}
		return sdk.Identity{Account: cli.DaemonHost()}, []sdk.Diagnostic{warning}, nil
	}
	if err := d.driver.Recover(); err != nil {
		d.log.Warn("runs whose process has ended could not be looked after", "error", err)
	}
	return sdk.Identity{Principal: "Docker Engine " + d.facts.version, Account: cli.DaemonHost(), Region: d.facts.name}, nil, nil
}

var errNotConfigured = errors.New("the plugin was not configured")

// answers fails when the engine did not answer Configure and does not now.
func (d *Docker) answers(ctx context.Context) error {
	if d.driver == nil {
		return errNotConfigured
	}
	if d.silence == nil {
		return nil
	}
	_, err := d.client.Ping(ctx, client.PingOptions{})
	return engine.Error("ask the docker engine", err)
}

// Submit starts a run in this process.
func (d *Docker) Submit(ctx context.Context, w sdk.Workflow, _ []byte) (sdk.Submission, error) {
	if err := d.answers(ctx); err != nil {
		return sdk.Submission{}, err
	}
	return d.driver.Submit(ctx, w)
}

// Watch tells how a run fares.
func (d *Docker) Watch(ctx context.Context, req sdk.WatchRequest, yield func(sdk.Event) error) error {
	if d.driver == nil {
		return errNotConfigured
	}
	return d.driver.Watch(ctx, req, yield)
}

// Logs tells what steps wrote. It is kept here, the engine is not asked.
func (d *Docker) Logs(ctx context.Context, req sdk.LogsRequest, yield func(sdk.LogChunk) error) error {
	if d.driver == nil {
		return errNotConfigured
	}
	return d.driver.Logs(ctx, req, yield)
}

// Cancel stops a run.
func (d *Docker) Cancel(ctx context.Context, req sdk.CancelRequest) (bool, error) {
	if d.driver == nil {
		return false, errNotConfigured
	}
	return d.driver.Cancel(ctx, req)
}

// List finds runs.
func (d *Docker) List(ctx context.Context, req sdk.ListRequest) ([]sdk.RunSummary, string, error) {
	if err := d.answers(ctx); err != nil {
		return nil, "", err
	}
	return d.driver.List(ctx, req)
}

// Close ends the runs of this process.
func (d *Docker) Close(ctx context.Context) error {
	if d.driver == nil {
		return nil
	}
	err := d.driver.Close(ctx)
	return errors.Join(err, d.executor.close(ctx))
}
