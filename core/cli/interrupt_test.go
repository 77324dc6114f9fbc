package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stackrun/stack/core/run"
)

// These tests end the process of `stack` in the ways that a person, a system
// or an accident does, and look for what is left: in the table of processes,
// and in the record.

// folder is a project that `stack` is run in as a process.
type folder struct {
	t    *testing.T
	dir  string
	home string
	mark string // in the environment of its steps, to find their processes
}

const sleeper = `version: 1
name: sleeper
steps:
  first: {run: "true"}
  sleep:
    needs: [first]
    run: |
      sleep 1000 &
      touch started
      wait
  after: {needs: [sleep], when: always, run: touch after}
`

func newFolder(t *testing.T) *folder {
	t.Helper()
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("processes are looked for in /proc")
	}
	f := &folder{t: t, dir: t.TempDir(), home: t.TempDir()}
	f.mark = "MARK_OF_TEST=" + f.dir
	if err := os.Mkdir(filepath.Join(f.dir, ".stack"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.dir, "flow.yaml"), []byte(sleeper), 0o644); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *folder) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(f.t.Context(), "stack", args...)
	cmd.Dir = f.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + f.home, f.mark}
	return cmd
}

// start runs a command in the background, until its step sleeps.
func (f *folder) start(args ...string) (*exec.Cmd, *bytes.Buffer) {
	f.t.Helper()
	cmd := f.command(args...)
	said := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = cmd.Process.Kill() }) // it has ended, unless the test failed
	f.wait("the step sleeps", func() bool {
		_, err := os.Stat(filepath.Join(f.dir, "started"))
		return err == nil
	})
	return cmd, said
}

func (f *folder) wait(condition string, holds func() bool) {
	f.t.Helper()
	if err := eventually(context.WithoutCancel(f.t.Context()), holds); err != nil {
		f.t.Fatalf("waited in vain until %s; processes left: %v", condition, f.processes())
	}
}

// processes is the command lines of all processes with the folder's mark.
func (f *folder) processes() []string {
	var found []string
	all, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		f.t.Fatal(err)
	}
	for _, path := range all {
		environ, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(environ, []byte(f.mark)) {
			continue // ended meanwhile, or not ours
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		found = append(found, filepath.Base(filepath.Dir(path))+" "+strings.ReplaceAll(string(line), "\x00", " "))
	}
	return found
}

// ps is what `stack ps -o json` says.
func (f *folder) ps() []psRun {
	f.t.Helper()
	out, err := f.command("ps", "-o", "json").Output()
	if err != nil {
		f.t.Fatalf("stack ps: %v", err)
	}
	var runs []psRun
	if err := json.Unmarshal(out, &runs); err != nil {
		f.t.Fatalf("%v in\n%s", err, out)
	}
	return runs
}

func TestInterrupt(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			f := newFolder(t)
			cmd, said := f.start("run", "flow.yaml", "--run-id", "stopped")
			if err := cmd.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // the status is looked at next
			if code := cmd.ProcessState.ExitCode(); code != 130 {
				t.Errorf("exit status %d, want 130; it said\n%s", code, said)
			}
			if left := f.processes(); len(left) > 0 {
				t.Errorf("left running: %q", left)
			}
			runs := f.ps()
			if len(runs) != 1 || runs[0].State != "cancelled" || len(runs[0].Steps) != 3 || runs[0].Steps[1].State != "cancelled" {
				t.Errorf("the record says %+v", runs)
			}
			if _, err := os.Stat(filepath.Join(f.dir, "after")); err == nil {
				t.Error("a step was started after the interrupt")
			}
		})
	}
}

// TestCancelFromElsewhere cancels a run that another process follows.
func TestCancelFromElsewhere(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	cmd, said := f.start("run", "flow.yaml", "--run-id", "stopped")
	f.wait("the record says that the step runs", func() bool { // it follows what happens
		runs := f.ps()
		return len(runs) == 1 && runs[0].State == "running" && runs[0].Steps[1].State == "running" && runs[0].Ended == nil
	})
	if out, err := f.command("cancel", "stopped").CombinedOutput(); err != nil || !strings.Contains(string(out), "run stopped: cancelled") {
		t.Errorf("stack cancel: %v\n%s", err, out)
	}
	_ = cmd.Wait() // the status is looked at next
	if code := cmd.ProcessState.ExitCode(); code != 8 {
		t.Errorf("exit status %d of the run that was cancelled, want 8; it said\n%s", code, said)
	}
	if left := f.processes(); len(left) > 0 {
		t.Errorf("left running: %q", left)
	}
}

// TestCancelKillsAfterItsGrace cancels a step that does not listen.
func TestCancelKillsAfterItsGrace(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	deaf := strings.Replace(sleeper, "touch started", "trap '' TERM\n      touch started", 1)
	deaf = strings.Replace(deaf, "      wait\n", "      while :; do wait; done\n", 1)
	if err := os.WriteFile(filepath.Join(f.dir, "flow.yaml"), []byte(deaf), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd, said := f.start("run", "flow.yaml", "--run-id", "deaf")
	begun := time.Now()
	if out, err := f.command("cancel", "deaf", "--grace", "300ms").CombinedOutput(); err != nil {
		t.Errorf("stack cancel: %v\n%s", err, out)
	}
	if took := time.Since(begun); took > 8*time.Second { // the stack's own grace is 10 s
		t.Errorf("cancelling took %s; it said\n%s", took, said)
	}
	_ = cmd.Wait() // its status is another test's
	if left := f.processes(); len(left) > 0 {
		t.Errorf("left running: %q", left)
	}
}

// TestWatchFromElsewhere watches a run that another process follows, with a
// time limit that ends the watching and not the run.
func TestWatchFromElsewhere(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	cmd, _ := f.start("run", "flow.yaml", "--run-id", "watched")
	watch := f.command("watch", "watched", "--timeout", "300ms")
	out, err := watch.CombinedOutput()
	if code := watch.ProcessState.ExitCode(); code != 9 {
		t.Errorf("watch: exit status %d (%v), want 9; it said\n%s", code, err, out)
	}
	if !strings.Contains(string(out), "step sleep: running") {
		t.Errorf("watch does not say that the step runs:\n%s", out)
	}
	if runs := f.ps(); len(runs) != 1 || runs[0].State != "running" {
		t.Errorf("after watching, the record says %+v", runs)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // its status is another test's
}

// TestHostLost kills `stack` without warning: the plugin notices and stops what
// it started, and the record ends.
func TestHostLost(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	cmd, _ := f.start("run", "flow.yaml", "--run-id", "lost")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	f.wait("nothing is left running", func() bool { return len(f.processes()) == 0 })
	var runs []psRun
	f.wait("the plugin has written how it ended", func() bool { // its own process has no mark
		runs = f.ps()
		return len(runs) != 1 || runs[0].State != "running"
	})
	if len(runs) != 1 || runs[0].State != "failed" || runs[0].Reason != "host_lost" || runs[0].Ended == nil {
		t.Fatalf("the record says %+v", runs)
	}
	if s := runs[0].Steps; s[0].State != "succeeded" || s[1].State != "failed" || s[1].Reason != "host_lost" || s[2].State != "skipped" {
		t.Errorf("the steps are %+v", s)
	}
	// What is lost stays lost: looking again changes nothing.
	record, err := os.ReadFile(filepath.Join(f.dir, ".stack", "runs", "lost", "record.json"))
	if err != nil {
		t.Fatal(err)
	}
	f.ps()
	again, err := run.Store{Dir: filepath.Join(f.dir, ".stack", "runs")}.Load("lost")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(record, []byte(again.Ended.Format("15:04:05"))) {
		t.Errorf("the end has moved to %s in\n%s", again.Ended, record)
	}
	if out, err := f.command("watch", "lost").CombinedOutput(); err == nil || !strings.Contains(string(out), "host_lost") {
		t.Errorf("stack watch: %v\n%s", err, out)
	}
}

// TestPluginKilled kills the plugin under `stack run`: the run ends failed, the
// plugin is named, and its steps are stopped.
func TestPluginKilled(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	cmd, said := f.start("run", "flow.yaml", "--run-id", "bereft")
	plugin := 0
	children, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range children {
		var pid, parent int
		var name, state string
		stat, err := os.ReadFile(path)
		if n, _ := fmt.Sscanf(string(stat), "%d %s %s %d", &pid, &name, &state, &parent); err == nil && n == 4 && parent == cmd.Process.Pid {
			plugin = pid
		}
	}
	if plugin == 0 {
		t.Fatal("stack has no plugin running")
	}
	if err := syscall.Kill(plugin, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the status is looked at next
	if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(said.String(), "STK8003") || !strings.Contains(said.String(), "local") {
		t.Errorf("exit status %d, want 1 with the plugin named; it said\n%s", code, said)
	}
	f.wait("nothing is left running", func() bool { return len(f.processes()) == 0 })
	if runs := f.ps(); len(runs) != 1 || runs[0].State != "failed" || runs[0].Reason != "host_lost" {
		t.Errorf("the record says %+v", runs)
	}
}
