package pluginhost_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/pluginhost"
	"github.com/stackrun/stack/sdk"
)

func self() string {
	path, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return path
}

func options(mode string, environ ...string) pluginhost.LaunchOptions {
	return pluginhost.LaunchOptions{
		Environ: append(os.Environ(), append(environ, modeVariable+"="+mode)...),
		Pass:    []string{modeVariable, "STACK_TEST_CLOSED", "STACK_TEST_PIDFILE"},
	}
}

func launchFake(ctx context.Context, mode string, environ ...string) (*pluginhost.Process, error) {
	return pluginhost.Launch(ctx, pluginhost.Plugin{Kind: pluginhost.Orchestrator, Name: "fake", Path: self()}, options(mode, environ...))
}

func launch(t *testing.T, mode string, environ ...string) *pluginhost.Process {
	t.Helper()
	p, err := launchFake(t.Context(), mode, environ...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close(context.Background()) })
	return p
}

func wantCode(t *testing.T, err error, code diag.Code, parts ...string) *diag.Failure {
	t.Helper()
	var f *diag.Failure
	if !errors.As(err, &f) {
		t.Fatalf("error %v is no failure", err)
	}
	if f.Code != code {
		t.Errorf("code %s, want %s: %v", f.Code, code, err)
	}
	text := f.Error() + "\n" + f.Hint
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
	return f
}

func TestPluginIsStartedAndAnswers(t *testing.T) {
	var log bytes.Buffer
	o := options("good")
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	p, err := pluginhost.Launch(t.Context(), pluginhost.Plugin{Kind: pluginhost.Orchestrator, Name: "fake", Path: self()}, o)
	if err != nil {
		t.Fatal(err)
	}
	if p.Info.Version != "1.2.3" || !p.Info.Has(sdk.CapDetach) || !p.Info.Has("from_the_future") {
		t.Errorf("info is %+v", p.Info)
	}
	if p.String() != "orchestrator plugin fake 1.2.3" {
		t.Errorf("it is called %q", p)
	}
	var data []byte
	err = p.Orchestrator().Logs(t.Context(), sdk.LogsRequest{}, func(c sdk.LogChunk) error {
		data = append(data, c.Data...)
		return nil
	})
	if err != nil || string(data) != "a\xffb\xffc\xff" {
		t.Errorf("logs are %q, %v", data, err)
	}
	begin := time.Now()
	p.Close(t.Context())
	if took := time.Since(begin); took > 1500*time.Millisecond {
		t.Errorf("a willing plugin took %s to end", took)
	}
	if _, err := p.Orchestrator().Schema(t.Context()); err == nil || strings.Contains(err.Error(), "crash") {
		t.Errorf("a call after Close says %v", err)
	}
}

func TestBuilderIsStarted(t *testing.T) {
	p, err := pluginhost.Launch(t.Context(), pluginhost.Plugin{Kind: pluginhost.Builder, Name: "fake", Path: self()}, options("builder"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close(t.Context())
	seen := 0
	result, err := p.Builder().Build(t.Context(), build.Request{Key: "k"}, func(build.Progress) { seen++ })
	if err != nil || result.Digest != "sha256:k" || seen != 1 {
		t.Errorf("%+v, %v, %d messages", result, err, seen)
	}
}

func TestBadStarts(t *testing.T) {
	for _, tc := range []struct {
		mode  string
		code  diag.Code
		parts []string
	}{
		{"garbage", diag.PluginProtocol, []string{"plugin fake", "Welcome to my plugin!"}},
		{"exit", diag.PluginProtocol, []string{"exit status 3", "license file is missing"}},
		{"panic", diag.PluginCrashed, []string{"no configuration", "goroutine 1"}},
		{"line:1|7|unix|/nowhere|grpc|", diag.PluginProtocol, []string{"protocol 7", "speaks 1"}},
		{"line:1|1|unix|/nowhere|netrpc|", diag.PluginProtocol, []string{"another transport"}},
		{"line:2|1|unix|/nowhere|grpc|", diag.PluginProtocol, []string{"another transport"}},
		{"line:1|1|unix|/nowhere|grpc|", diag.PluginCrashed, nil},
		{"crash:Handshake", diag.PluginCrashed, []string{"the disk ate it"}},
		{"recover:Handshake", diag.PluginCrashed, []string{"index out of luck"}},
	} {
		t.Run(tc.mode, func(t *testing.T) {
			_, err := launchFake(t.Context(), tc.mode)
			wantCode(t, err, tc.code, tc.parts...)
		})
	}
	t.Run("no program", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "plugin")
		if err := os.WriteFile(path, []byte("\x7fELF but not really"), 0o700); err != nil {
			t.Fatal(err)
		}
		_, err := pluginhost.Launch(t.Context(), pluginhost.Plugin{Kind: pluginhost.Orchestrator, Name: "fake", Path: path}, options("good"))
		wantCode(t, err, diag.PluginProtocol, "cannot be started", path)
	})
	t.Run("late", func(t *testing.T) {
		o := options("silent")
		o.StartTimeout = 200 * time.Millisecond
		_, err := pluginhost.Launch(t.Context(), pluginhost.Plugin{Kind: pluginhost.Orchestrator, Name: "fake", Path: self()}, o)
		wantCode(t, err, diag.PluginProtocol, "200ms")
	})
}

func TestStartCanBeInterrupted(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, err := launchFake(ctx, "silent")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("the caller was held for %s", took)
	}
}

// calls makes each call of the interface.
func calls() map[string]func(context.Context, sdk.Orchestrator) error {
	return map[string]func(context.Context, sdk.Orchestrator) error{
		"Schema":   func(ctx context.Context, o sdk.Orchestrator) error { _, err := o.Schema(ctx); return err },
		"Validate": func(ctx context.Context, o sdk.Orchestrator) error { _, err := o.Validate(ctx, nil, nil); return err },
		"Configure": func(ctx context.Context, o sdk.Orchestrator) error {
			_, _, err := o.Configure(ctx, sdk.Configuration{})
			return err
		},
		"Plan": func(ctx context.Context, o sdk.Orchestrator) error {
			_, _, err := o.Plan(ctx, sdk.Workflow{}, false)
			return err
		},
		"Submit": func(ctx context.Context, o sdk.Orchestrator) error {
			_, err := o.Submit(ctx, sdk.Workflow{RunID: "r"}, nil)
			return err
		},
		"Watch": func(ctx context.Context, o sdk.Orchestrator) error {
			return o.Watch(ctx, sdk.WatchRequest{}, func(sdk.Event) error { return nil })
		},
		"Logs": func(ctx context.Context, o sdk.Orchestrator) error {
			return o.Logs(ctx, sdk.LogsRequest{}, func(sdk.LogChunk) error { return nil })
		},
		"Cancel": func(ctx context.Context, o sdk.Orchestrator) error {
			_, err := o.Cancel(ctx, sdk.CancelRequest{})
			return err
		},
		"List": func(ctx context.Context, o sdk.Orchestrator) error {
			_, _, err := o.List(ctx, sdk.ListRequest{})
			return err
		},
	}
}

func TestTroubleInEveryCallIsAttributed(t *testing.T) {
	for call, do := range calls() {
		t.Run(call, func(t *testing.T) {
			for mode, want := range map[string]struct {
				code  diag.Code
				parts []string
			}{
				"crash":   {diag.PluginCrashed, []string{"fake 1.2.3 crashed", "the disk ate it", "goroutine"}},
				"recover": {diag.PluginCrashed, []string{"fake 1.2.3", "panic in " + call, "index out of luck", "goroutine"}},
				"denied":  {diag.PlatformDenied, []string{"fake 1.2.3", "403 from the platform", "Sign in."}},
				"missing": {diag.RunNotFound, []string{"fake 1.2.3", "no such run"}},
				"down":    {diag.PlatformDown, []string{"fake 1.2.3", "does not answer"}},
			} {
				ownError := mode == "denied" || mode == "missing" || mode == "down"
				if ownError && call != "Plan" && call != "Watch" { // one of each shape will do
					continue
				}
				p := launch(t, mode+":"+call)
				if call != "Configure" {
					if _, _, err := p.Orchestrator().Configure(t.Context(), sdk.Configuration{StateDir: t.TempDir()}); err != nil {
						t.Fatal(err)
					}
				}
				err := do(t.Context(), p.Orchestrator())
				wantCode(t, err, want.code, want.parts...)
				var e *sdk.Error
				if ownError && (!errors.As(err, &e) || e.Origin != sdk.OriginPlatform) {
					t.Errorf("%s: the plugin's own error is lost in %v", mode, err)
				}
				if mode == "recover" { // the process lives on
					if _, _, err := p.Orchestrator().Configure(t.Context(), sdk.Configuration{}); call != "Configure" && err != nil {
						t.Errorf("after a panic in one call the next says %v", err)
					}
				}
			}
		})
	}
}

func TestErrorsOfTheCallerComeBackAsTheyWere(t *testing.T) {
	p := launch(t, "good")
	err := p.Orchestrator().Watch(t.Context(), sdk.WatchRequest{}, func(sdk.Event) error { return errStop })
	if err != errStop {
		t.Errorf("the error is %v", err)
	}
	p = launch(t, "block")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if err := p.Orchestrator().Watch(ctx, sdk.WatchRequest{}, func(sdk.Event) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

func TestPluginThatDoesNotEndIsEnded(t *testing.T) {
	closed := filepath.Join(t.TempDir(), "closed")
	p := launch(t, "hangclose", "STACK_TEST_CLOSED="+closed)
	begin := time.Now()
	p.Close(t.Context())
	if took := time.Since(begin); took > 4*time.Second {
		t.Errorf("it held its host for %s", took)
	}
	select {
	case <-p.Exited():
	default:
		t.Error("the process still runs")
	}
	if !exists(closed) {
		t.Error("the plugin's Close was not called")
	}
}

func TestWhatACrashedPluginStartedGoesWithIt(t *testing.T) {
	pidFile := filepath.Join(t.TempDir(), "pid")
	p := launch(t, "orphan:Plan", "STACK_TEST_PIDFILE="+pidFile)
	begin := time.Now()
	_, _, err := p.Orchestrator().Plan(t.Context(), sdk.Workflow{}, false)
	wantCode(t, err, diag.PluginCrashed, "the disk ate it")
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("a child that holds the log open kept the caller for %s", took)
	}
	waitGone(t, pidFile, 2*time.Second)
}

func waitGone(t *testing.T, pidFile string, limit time.Duration) {
	t.Helper()
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	wait(t, limit, fmt.Sprintf("process %d to end", pid), func() bool { return !alive(pid) })
}

// alive reports whether a process runs; one that only waits to be reaped does
// not.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return syscall.Kill(pid, 0) == nil
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}

func wait(t *testing.T, limit time.Duration, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(limit)
	for !condition() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited %s for %s", limit, what)
		}
	}
}

func TestPluginEndsWithItsHost(t *testing.T) {
	for _, mode := range []string{"good", "hangclose"} {
		t.Run(mode, func(t *testing.T) {
			temp := t.TempDir()
			closed := filepath.Join(temp, "closed")
			host := exec.Command(self())
			host.Env = append(os.Environ(), "STACK_TEST_HOST="+mode, "STACK_TEST_CLOSED="+closed, "TMPDIR="+temp)
			stdin, err := host.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = stdin.Close() }()
			stdout, err := host.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := host.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(stdout).ReadString('\n')
			if err != nil && err != io.EOF {
				t.Fatal(err)
			}
			pid, err := strconv.Atoi(strings.TrimSpace(line))
			if err != nil {
				t.Fatalf("the host says %q", line)
			}
			if err := host.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = host.Wait() // it was killed
			wait(t, 20*time.Second, "the plugin to end", func() bool { return !alive(pid) })
			if !exists(closed) {
				t.Error("Close was not called")
			}
			left, err := filepath.Glob(filepath.Join(temp, "plugin-dir*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestSignalsAreTheHosts(t *testing.T) {
	p := launch(t, "good")
	pid, err := strconv.Atoi(p.Pid())
	if err != nil {
		t.Fatal(err)
	}
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE} {
		if err := syscall.Kill(pid, signal); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		if _, err := p.Orchestrator().Schema(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if group, err := syscall.Getpgid(pid); err != nil || group != pid {
		t.Errorf("the plugin is in group %d, %v", group, err)
	}
}

func TestKilledPluginIsNamed(t *testing.T) {
	p := launch(t, "good")
	pid, err := strconv.Atoi(p.Pid())
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_, err = p.Orchestrator().Schema(t.Context())
	wantCode(t, err, diag.PluginCrashed, "fake 1.2.3 crashed (signal: killed)")
}

func TestLongTempDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("x", 100))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Run("asked for", func(t *testing.T) {
		o := options("good")
		o.TempDir = dir
		_, err := pluginhost.Launch(t.Context(), pluginhost.Plugin{Kind: pluginhost.Orchestrator, Name: "fake", Path: self()}, o)
		wantCode(t, err, diag.DiskFull, "too long for a unix socket", dir)
	})
	t.Run("from TMPDIR", func(t *testing.T) {
		t.Setenv("TMPDIR", dir)
		launch(t, "good")
	})
}

func TestExpectedDigest(t *testing.T) {
	o := options("good")
	o.Hashes = pluginhost.Hashes{Dir: filepath.Join(t.TempDir(), "hashes")}
	sum, err := o.Hashes.SHA256(self())
	if err != nil {
		t.Fatal(err)
	}
	plugin := pluginhost.Plugin{Kind: pluginhost.Orchestrator, Name: "fake", Path: self()}
	o.ExpectedSHA256 = sum
	p, err := pluginhost.Launch(t.Context(), plugin, o)
	if err != nil {
		t.Fatal(err)
	}
	p.Close(t.Context())
	o.ExpectedSHA256 = strings.Repeat("0", 64)
	_, err = pluginhost.Launch(t.Context(), plugin, o)
	wantCode(t, err, diag.PluginHash, sum)
}
