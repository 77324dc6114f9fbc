package pluginhost_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stackrun/stack/core/build"
	builderserve "github.com/stackrun/stack/imagebuilders/serve"
	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/serve"
)

// modeVariable makes the test binary play a plugin, good or bad.
const modeVariable = "STACK_TEST_PLUGIN"

func TestMain(m *testing.M) {
	mode, playing := os.LookupEnv(modeVariable)
	if playing {
		play(mode)
		return
	}
	if os.Getenv("STACK_TEST_HOST") != "" {
		playHost()
		return
	}
	os.Exit(m.Run())
}

func play(mode string) {
	mode, argument, _ := strings.Cut(mode, ":")
	switch mode {
	case "garbage":
		fmt.Println("Welcome to my plugin!")
		hang()
	case "exit":
		fmt.Fprintln(os.Stderr, "license file is missing")
		os.Exit(3)
	case "panic":
		panic("no configuration")
	case "silent":
		signal.Ignore(os.Interrupt, syscall.SIGTERM)
		hang()
	case "line": // any handshake line
		fmt.Println(argument)
		hang()
	case "builder":
		builderserve.Builder(func() build.Builder { return fakeBuilder{} })
	default:
		serve.Orchestrator(func() sdk.Orchestrator { return &fake{mode: mode, argument: argument} })
	}
}

func hang() { <-make(chan struct{}) }

// fake is an orchestrator with one run, in a file of its state folder, so that
// it outlives the process.
type fake struct {
	mode     string // what goes wrong
	argument string // in which call
	dir      string
}

var errStop = errors.New("stop")

// trouble does what the mode says for a call.
func (f *fake) trouble(call string) error {
	if f.argument != call {
		return nil
	}
	switch f.mode {
	case "crash":
		fatal()
	case "crashonce":
		if marker := filepath.Join(f.dir, "crashed-"+call); os.WriteFile(marker, nil, 0o600) == nil && !exists(marker+"-done") {
			_ = os.WriteFile(marker+"-done", nil, 0o600)
			fatal()
		}
	case "recover":
		panic("index out of luck in " + call)
	case "denied":
		return &sdk.Error{Origin: sdk.OriginPlatform, Message: "403 from the platform", Denied: true, Hint: "Sign in."}
	case "missing":
		return &sdk.Error{Origin: sdk.OriginPlatform, Message: "no such run", NotFound: true}
	case "down":
		return sdk.Errorf("the platform does not answer")
	case "plain":
		return errors.New("something went wrong")
	case "orphan":
		child := exec.Command("/bin/sh", "-c", "sleep 1000")
		child.Stderr = os.NewFile(2, "stderr")
		if err := child.Start(); err != nil {
			return err
		}
		_ = os.WriteFile(os.Getenv("STACK_TEST_PIDFILE"), fmt.Appendf(nil, "%d", child.Process.Pid), 0o600)
		fatal()
	}
	return nil
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// fatal dies as a panic in a goroutine of a plugin does.
func fatal() {
	go func() { panic("the disk ate it") }()
	hang()
}

func (f *fake) Handshake(context.Context, sdk.Host) (sdk.Info, error) {
	return sdk.Info{Name: "fake", Version: "1.2.3", Capabilities: []sdk.Capability{sdk.CapDetach, "from_the_future"}}, f.trouble("Handshake")
}

func (f *fake) Schema(context.Context) (sdk.Schema, error) {
	return sdk.Schema{Stack: sdk.Block{Attributes: []sdk.Attribute{{Name: "queue", Type: "string", Default: json.RawMessage(`"main"`)}}}}, f.trouble("Schema")
}

func (f *fake) Validate(context.Context, sdk.Config, map[string]sdk.Config) ([]sdk.Diagnostic, error) {
	return nil, f.trouble("Validate")
}

func (f *fake) Configure(_ context.Context, c sdk.Configuration) (sdk.Identity, []sdk.Diagnostic, error) {
	f.dir = c.StateDir
	return sdk.Identity{Principal: "me"}, nil, f.trouble("Configure")
}

func (f *fake) Plan(_ context.Context, w sdk.Workflow, _ bool) (sdk.Plan, []sdk.Diagnostic, error) {
	var plan sdk.Plan
	for _, step := range w.Steps {
		plan.Placements = append(plan.Placements, sdk.Placement{Step: step.Name})
	}
	return plan, nil, f.trouble("Plan")
}

func (f *fake) Submit(_ context.Context, w sdk.Workflow, _ []byte) (sdk.Submission, error) {
	path := filepath.Join(f.dir, "run-"+w.RunID)
	submitted, err := os.OpenFile(filepath.Join(f.dir, "submissions"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return sdk.Submission{}, err
	}
	_, err = fmt.Fprintln(submitted, w.RunID)
	if err := errors.Join(err, submitted.Close(), os.WriteFile(path, nil, 0o600)); err != nil {
		return sdk.Submission{}, err
	}
	return sdk.Submission{Handle: sdk.Handle(w.RunID)}, f.trouble("Submit")
}

func (f *fake) Watch(ctx context.Context, _ sdk.WatchRequest, yield func(sdk.Event) error) error {
	if f.mode == "block" {
		<-ctx.Done()
		return ctx.Err()
	}
	if err := yield(sdk.Event{Kind: sdk.EventRun, State: sdk.StateRunning}); err != nil {
		return err
	}
	if err := yield(sdk.Event{Kind: sdk.EventSnapshotDone}); err != nil {
		return err
	}
	if err := f.trouble("Watch"); err != nil {
		return err
	}
	return yield(sdk.Event{Kind: sdk.EventRun, State: sdk.StateSucceeded})
}

func (f *fake) Logs(_ context.Context, req sdk.LogsRequest, yield func(sdk.LogChunk) error) error {
	for i := range 3 {
		if len(req.Resume) > 0 && i <= int(req.Resume[0]) {
			continue
		}
		if err := yield(sdk.LogChunk{Data: []byte{byte('a' + i), 0xff}, Resume: []byte{byte(i)}}); err != nil {
			return err
		}
		if i == 1 {
			if err := f.trouble("Logs"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *fake) Cancel(context.Context, sdk.CancelRequest) (bool, error) {
	return true, f.trouble("Cancel")
}

func (f *fake) List(context.Context, sdk.ListRequest) ([]sdk.RunSummary, string, error) {
	found, err := filepath.Glob(filepath.Join(f.dir, "run-*"))
	var runs []sdk.RunSummary
	for _, path := range found {
		id := strings.TrimPrefix(filepath.Base(path), "run-")
		runs = append(runs, sdk.RunSummary{RunID: id, Handle: sdk.Handle(id)})
	}
	return runs, "", errors.Join(err, f.trouble("List"))
}

// Close says that it was called, and hangs where that is what goes wrong.
func (f *fake) Close(context.Context) error {
	if path := os.Getenv("STACK_TEST_CLOSED"); path != "" {
		_ = os.WriteFile(path, []byte("closed"), 0o600)
	}
	if f.mode == "hangclose" {
		time.Sleep(time.Hour)
	}
	return nil
}

type fakeBuilder struct{}

func (fakeBuilder) Describe(context.Context) (build.Description, error) {
	return build.Description{Name: "fake", SecretMounts: true}, nil
}

func (fakeBuilder) Configure(context.Context, json.RawMessage) error { return nil }

func (fakeBuilder) Ready(context.Context) (string, error) { return "Engine 1", nil }

func (fakeBuilder) Find(context.Context, string) (build.Local, error) { return build.Local{}, nil }

func (fakeBuilder) Build(_ context.Context, r build.Request, progress func(build.Progress)) (build.Result, error) {
	progress(build.Progress{Key: r.Key, State: "done"})
	return build.Result{Digest: "sha256:" + r.Key}, nil
}

// playHost starts a plugin and waits to be killed; it prints the plugin's
// process number when it is up.
func playHost() {
	p, err := launchFake(context.Background(), os.Getenv("STACK_TEST_HOST"))
	if err != nil {
		fmt.Println("error", err)
		return
	}
	fmt.Println(p.Pid())
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n') // for ever: nothing is written there
}
