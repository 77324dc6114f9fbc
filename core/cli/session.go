package cli

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/engine"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/core/pluginhost"
	"github.com/stackrun/stack/core/registry"
	"github.com/stackrun/stack/core/run"
	"github.com/stackrun/stack/core/source"
	"github.com/stackrun/stack/sdk"
)

var _ engine.Attacher = (*registry.Client)(nil)

// session is an engine with its plugins, for the length of one command.
type session struct {
	engine *engine.Engine
	pool   *pluginhost.Pool
}

// openSession makes the engine of the project that at is in: a flow, a saved
// plan, or a folder. plugins are the values of --plugin.
func (a *app) openSession(at string, plugins ...string) (*session, error) {
	root, err := a.projectRoot(at)
	if err != nil {
		return nil, err
	}
	return a.sessionIn(root, plugins)
}

// sessionIn makes the engine of the project whose source root is root.
func (a *app) sessionIn(root string, plugins []string) (*session, error) {
	overrides := map[string]string{}
	for _, p := range plugins {
		name, path, ok := strings.Cut(p, "=")
		if !ok || name == "" || path == "" {
			return nil, diag.List{diag.New(diag.Usage, "--plugin %q is not name=path", p)}
		}
		overrides[name] = a.path(path)
	}
	log := slog.New(slog.DiscardHandler)
	if level := a.env("STACK_LOG"); level != "" {
		var l slog.Level
		if err := l.UnmarshalText([]byte(level)); err != nil {
			return nil, diag.List{diag.New(diag.Usage, "STACK_LOG cannot be %q", level).Because("Allowed: debug, info, warn, error.")}
		}
		log = slog.New(slog.NewTextHandler(a.Stderr, &slog.HandlerOptions{Level: l}))
	}
	pool := pluginhost.NewPool(
		pluginhost.FindOptions{Overrides: overrides, BinDir: filepath.Dir(a.Executable)},
		func(pluginhost.Plugin) pluginhost.LaunchOptions {
			return pluginhost.LaunchOptions{Host: sdk.Host{Version: a.Version}, Environ: a.Environ, Log: log}
		})
	e := &engine.Engine{
		Plugins: poolPlugins{pool}, Now: a.Now, Environ: a.Environ, Dir: a.Dir, Root: root, Version: a.Version,
		Registry: func(plainHTTP []string) engine.Registry {
			return registry.New(registry.Options{PlainHTTP: plainHTTP, UserAgent: "stack/" + a.Version})
		},
		Runs: run.Store{Dir: filepath.Join(root, ".stack", "runs")},
	}
	return &session{engine: e, pool: pool}, nil
}

// close ends the plugins. A command that was interrupted closes them too.
func (s *session) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	s.pool.Close(ctx)
}

// projectRoot is the source root of a flow, or of what a folder is in.
func (a *app) projectRoot(at string) (string, error) {
	path := a.path(at)
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "flow.yaml") // need not exist: its folder counts
	}
	if root := a.rootOfPlan(path); root != "" {
		return root, nil
	}
	root, err := source.FindRoot(path, filepath.Clean(a.env("HOME")), filepath.Clean(os.TempDir()), string(filepath.Separator))
	if err != nil {
		return "", diag.Fail(diag.FileUnreadable, err, "")
	}
	return root, nil
}

// rootOfPlan is the source root of a saved plan's flow, or empty where path is
// no saved plan. A plan says where its flow is from there: the root is looked
// for from the plan's own folder upwards, then where it was when the plan was
// saved, then from the working directory upwards.
func (a *app) rootOfPlan(path string) string {
	data, err := os.ReadFile(path)
	if err != nil || !looksLikePlan(data) {
		return ""
	}
	saved, err := plan.Load(path, data)
	if err != nil {
		return "" // told when it is run
	}
	candidates := append(upwards(filepath.Dir(path)), saved.Request.Root)
	for _, dir := range append(candidates, upwards(a.Dir)...) {
		if info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(saved.Request.FlowFile))); err == nil && !info.IsDir() && filepath.IsAbs(dir) {
			return dir
		}
	}
	return ""
}

// upwards is dir and every folder that it is in.
func upwards(dir string) []string {
	out := []string{dir}
	for parent := filepath.Dir(dir); parent != dir; dir, parent = parent, filepath.Dir(parent) {
		out = append(out, parent)
	}
	return out
}

// looksLikePlan tells a saved plan, which is JSON, from a flow.
func looksLikePlan(data []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) }

// poolPlugins is a pool as the engine sees it.
type poolPlugins struct{ pool *pluginhost.Pool }

func (p poolPlugins) Orchestrator(ctx context.Context, name string) (sdk.Orchestrator, error) {
	o, err := p.pool.Orchestrator(ctx, name)
	if err != nil {
		return nil, err
	}
	return o, nil
}

func (p poolPlugins) Start(ctx context.Context, orchestrator, builder string) {
	p.pool.Start(ctx, pluginhost.Orchestrator, orchestrator)
	if builder != "" {
		p.pool.Start(ctx, pluginhost.Builder, builder)
	}
}

func (p poolPlugins) Builder(ctx context.Context, name string) (build.Builder, error) {
	return p.pool.Builder(ctx, name)
}
