package conformance_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/driver"
)

// platform is a small orchestrator that runs steps as processes, so that the
// suite is tried on something that passes it, and on the same thing broken.
type platform struct {
	fault string

	mu     sync.Mutex
	driver *driver.Driver
}

func (p *platform) runs() *driver.Driver {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.driver
}

func (p *platform) Handshake(context.Context, sdk.Host) (sdk.Info, error) {
	return sdk.Info{Name: "platform", Version: "1", Capabilities: []sdk.Capability{sdk.CapLocalFiles}}, nil
}

func (p *platform) Schema(context.Context) (sdk.Schema, error) {
	s := sdk.Schema{Stack: sdk.Block{Attributes: []sdk.Attribute{{Name: "queue", Type: "string", Doc: "Where runs wait."}}}}
	if p.fault == "undocumented" {
		s.Stack.Attributes[0].Doc = ""
	}
	return s, nil
}

func (p *platform) Validate(_ context.Context, stack sdk.Config, _ map[string]sdk.Config) ([]sdk.Diagnostic, error) {
	if string(stack) == "{}" {
		return nil, nil
	}
	name := "queue"
	if p.fault == "path" {
		name = "quue"
	}
	return []sdk.Diagnostic{{Severity: sdk.SeverityError, Summary: "no such queue", Path: sdk.Path{Root: sdk.RootStack, Elems: []string{name}}}}, nil
}

func (p *platform) Configure(_ context.Context, c sdk.Configuration) (sdk.Identity, []sdk.Diagnostic, error) {
	store, err := driver.StoreDir(c.ArtifactStore)
	if err != nil {
		return sdk.Identity{}, nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.driver = driver.New(processes{}, driver.Options{StateDir: c.StateDir, Store: store})
	return sdk.Identity{Principal: "me"}, nil, nil
}

func (p *platform) Plan(_ context.Context, w sdk.Workflow, _ bool) (sdk.Plan, []sdk.Diagnostic, error) {
	var plan sdk.Plan
	for _, step := range w.Steps {
		plan.Placements = append(plan.Placements, sdk.Placement{Step: step.Name, Reason: "there is one machine"})
	}
	if p.fault == "placement" {
		plan.Placements = plan.Placements[1:]
	}
	return plan, nil, nil
}

func (p *platform) Submit(ctx context.Context, w sdk.Workflow, _ []byte) (sdk.Submission, error) {
	if p.fault == "fast" {
		w.FailFast = true
	}
	if p.fault == "parallel" {
		for i := range w.Steps {
			w.Steps[i].MaxParallel = 0
		}
	}
	if p.fault == "retry" {
		for i := range w.Steps {
			w.Steps[i].Retry.Max = 0
		}
	}
	submission, err := p.runs().Submit(ctx, w)
	if p.fault == "fresh" {
		submission.AlreadyExisted = false
	}
	return submission, err
}

func (p *platform) Watch(ctx context.Context, r sdk.WatchRequest, yield func(sdk.Event) error) error {
	return p.runs().Watch(ctx, r, func(e sdk.Event) error {
		switch {
		case p.fault == "snapshot" && e.Kind == sdk.EventSnapshotDone,
			p.fault == "final" && e.Kind == sdk.EventRun && e.State.Final():
			return nil
		case p.fault == "reason":
			e.Reason = ""
		case p.fault == "exit":
			e.Exit = nil
		}
		return yield(e)
	})
}

func (p *platform) Logs(ctx context.Context, r sdk.LogsRequest, yield func(sdk.LogChunk) error) error {
	if p.fault == "tail" {
		r.Tail = 0
	}
	return p.runs().Logs(ctx, r, func(c sdk.LogChunk) error {
		switch p.fault {
		case "text":
			c.Data = []byte(string([]rune(string(c.Data))))
		case "resume":
			c.Resume = nil
		}
		return yield(c)
	})
}

func (p *platform) Cancel(ctx context.Context, r sdk.CancelRequest) (bool, error) {
	if p.fault == "cancel" {
		return false, nil
	}
	return p.runs().Cancel(ctx, r)
}

func (p *platform) List(ctx context.Context, r sdk.ListRequest) ([]sdk.RunSummary, string, error) {
	if p.fault == "labels" {
		r.Labels = nil
	}
	return p.runs().List(ctx, r)
}

func (p *platform) Close(ctx context.Context) error {
	if runs := p.runs(); runs != nil && p.fault != "close" {
		return runs.Close(ctx)
	}
	return nil
}

// processes starts attempts as processes in groups of their own.
type processes struct{}

func (processes) Start(_ context.Context, a driver.Attempt) (driver.Process, error) {
	paths := driver.Paths{
		Input: func(name string) string { return filepath.Join(a.Scratch, "in-"+name) },
		Output: func(name string) string {
			for _, o := range a.Outputs {
				if o.Name == name {
					return o.Path
				}
			}
			return ""
		},
	}
	for _, in := range a.Inputs {
		if err := link(in, paths.Input(in.Name)); err != nil {
			return nil, err
		}
	}
	argv := a.Command(paths)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = a.SourceRoot, []string{"PATH=" + os.Getenv("PATH")}
	for _, v := range a.Environment(paths) {
		cmd.Env = append(cmd.Env, v.Name+"="+v.Value)
	}
	cmd.Stdout, cmd.Stderr = a.Stdout, a.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return process{cmd}, nil
}

func link(in driver.Input, path string) error {
	if !in.Many {
		return os.Symlink(in.Sources[0].Path, path)
	}
	err := os.Mkdir(path, 0o700)
	for _, source := range in.Sources {
		err = errors.Join(err, os.Symlink(source.Path, filepath.Join(path, source.Entry)))
	}
	return err
}

func (processes) Sweep(context.Context, string) error { return nil }

type process struct{ cmd *exec.Cmd }

func (p process) Wait() (driver.Exit, error) {
	err := p.cmd.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return driver.Exit{}, nil
	case !errors.As(err, &exit):
		return driver.Exit{}, err
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return driver.Exit{Code: 128 + int(status.Signal())}, nil
	}
	return driver.Exit{Code: exit.ExitCode()}, nil
}

func (p process) Signal(s driver.Signal) error {
	signal := syscall.SIGTERM
	if s == driver.Kill {
		signal = syscall.SIGKILL
	}
	if err := syscall.Kill(-p.cmd.Process.Pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}
