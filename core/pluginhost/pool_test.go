package pluginhost_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/pluginhost"
	"github.com/stackrun/stack/sdk"
)

// pool makes a pool whose orchestrator "fake" plays the mode; launches counts.
func pool(t *testing.T, mode string) (p *pluginhost.Pool, launches *atomic.Int64) {
	t.Helper()
	launches = &atomic.Int64{}
	p = pluginhost.NewPool(
		pluginhost.FindOptions{Overrides: map[string]string{"fake": self(), "builder.fake": self()}},
		func(plugin pluginhost.Plugin) pluginhost.LaunchOptions {
			launches.Add(1)
			if plugin.Kind == pluginhost.Builder {
				return options("builder")
			}
			return options(mode)
		})
	t.Cleanup(func() { p.Close(context.Background()) })
	return p, launches
}

// configured is the pool's orchestrator with a state folder.
func configured(t *testing.T, p *pluginhost.Pool) (o *pluginhost.Supervised, dir string) {
	t.Helper()
	o, err := p.Orchestrator(t.Context(), "fake")
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if _, _, err := o.Configure(t.Context(), sdk.Configuration{StateDir: dir}); err != nil {
		t.Fatal(err)
	}
	return o, dir
}

func TestPoolStartsEachPluginOnce(t *testing.T) {
	p, launches := pool(t, "good")
	p.Start(t.Context(), pluginhost.Orchestrator, "fake")
	p.Start(t.Context(), pluginhost.Orchestrator, "nowhere") // told by who needs it
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			o, err := p.Orchestrator(t.Context(), "fake")
			if err != nil {
				t.Error(err)
				return
			}
			if o.Info().Version != "1.2.3" {
				t.Errorf("info is %+v", o.Info())
			}
		})
	}
	all.Wait()
	if n := launches.Load(); n != 1 {
		t.Errorf("it was started %d times", n)
	}
	b, err := p.Builder(t.Context(), "fake")
	if err != nil {
		t.Fatal(err)
	}
	if identity, err := b.Ready(t.Context()); err != nil || identity != "Engine 1" {
		t.Errorf("%q, %v", identity, err)
	}
	_, err = p.Orchestrator(t.Context(), "nowhere")
	wantCode(t, err, diag.PluginNotFound)
	p.Close(t.Context())
	if _, err := p.Orchestrator(t.Context(), "fake"); err == nil {
		t.Error("a closed pool gives a plugin")
	}
}

func TestPoolCanBeClosedWhileAPluginStarts(t *testing.T) {
	p, launches := pool(t, "silent")
	p.Start(t.Context(), pluginhost.Orchestrator, "fake")
	wait(t, 5*time.Second, "the start", func() bool { return launches.Load() == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := p.Orchestrator(ctx, "fake"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
	begin := time.Now()
	p.Close(t.Context())
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("closing took %s", took)
	}
}

func TestCallsAreMadeAgainAfterACrash(t *testing.T) {
	for call, do := range calls() {
		if call == "Configure" { // names the folder where the crash is noted
			continue
		}
		t.Run(call, func(t *testing.T) {
			p, launches := pool(t, "crashonce:"+call)
			o, dir := configured(t, p)
			if err := do(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			if !exists(filepath.Join(dir, "crashed-"+call)) {
				t.Fatal("it did not crash")
			}
			if n := launches.Load(); n != 2 {
				t.Errorf("it was started %d times", n)
			}
		})
	}
}

func TestACrashedSubmissionIsNotMadeTwice(t *testing.T) {
	p, _ := pool(t, "crashonce:Submit")
	o, dir := configured(t, p)
	submission, err := o.Submit(t.Context(), sdk.Workflow{RunID: "r1"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if string(submission.Handle) != "r1" || !submission.AlreadyExisted {
		t.Errorf("the submission is %+v", submission)
	}
	made, err := os.ReadFile(filepath.Join(dir, "submissions"))
	if err != nil || string(made) != "r1\n" {
		t.Errorf("submitted: %q, %v", made, err)
	}
}

func TestStreamsGoOnAfterACrash(t *testing.T) {
	t.Run("events", func(t *testing.T) {
		p, _ := pool(t, "crashonce:Watch")
		o, _ := configured(t, p)
		var kinds []string
		err := o.Watch(t.Context(), sdk.WatchRequest{}, func(e sdk.Event) error {
			kinds = append(kinds, string(e.Kind)+" "+string(e.State))
			return nil
		})
		// What was on its way when the plugin crashed may be lost; the new
		// snapshot makes up for it, and may say it again.
		var once []string
		for _, k := range kinds {
			if !slices.Contains(once, k) {
				once = append(once, k)
			}
		}
		want := []string{"run running", "snapshot_done ", "run succeeded"}
		if diff := cmp.Diff(want, once); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
	})
	t.Run("logs", func(t *testing.T) {
		p, _ := pool(t, "crashonce:Logs")
		o, _ := configured(t, p)
		var data []byte
		err := o.Logs(t.Context(), sdk.LogsRequest{}, func(c sdk.LogChunk) error {
			data = append(data, c.Data...)
			return nil
		})
		if err != nil || string(data) != "a\xffb\xffc\xff" {
			t.Errorf("%q, %v", data, err)
		}
	})
}

func TestAPluginThatKeepsCrashingIsGivenUp(t *testing.T) {
	p, launches := pool(t, "crash:Plan")
	o, _ := configured(t, p)
	_, _, err := o.Plan(t.Context(), sdk.Workflow{}, false)
	wantCode(t, err, diag.PluginCrashed, "the disk ate it")
	if n := launches.Load(); n != 3 {
		t.Errorf("it was started %d times, not once and twice again", n)
	}
	_, err = o.Schema(t.Context())
	wantCode(t, err, diag.PluginCrashed)
	if n := launches.Load(); n != 3 {
		t.Errorf("it was started %d times", n)
	}
}

func TestAPluginKilledBetweenCallsComesBack(t *testing.T) {
	p, launches := pool(t, "good")
	o, _ := configured(t, p)
	if err := syscall.Kill(childOf(t), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Submit(t.Context(), sdk.Workflow{RunID: "r"}, nil); err != nil {
		t.Fatal(err)
	}
	if n := launches.Load(); n != 2 {
		t.Errorf("it was started %d times", n)
	}
}

// childOf is the one process that this test has started and that still runs.
func childOf(t *testing.T) int {
	t.Helper()
	tasks, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil || len(tasks) == 0 {
		t.Skip("this system does not tell a process's children")
	}
	var found []string
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			t.Skip("this system does not tell a process's children")
		}
		found = append(found, strings.Fields(string(text))...)
	}
	var pids []int
	for _, field := range found {
		pid := 0
		for _, digit := range field {
			pid = pid*10 + int(digit-'0')
		}
		if alive(pid) {
			pids = append(pids, pid)
		}
	}
	if len(pids) != 1 {
		t.Fatalf("children are %v", pids)
	}
	return pids[0]
}
