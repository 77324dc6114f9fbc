//go:build unix

package python_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stackrun/stack/core/python"
)

func programs() python.Programs { return python.Programs{Env: os.Environ()} }

func TestProgramsRun(t *testing.T) {
	dir := t.TempDir()
	stdout, stderr, err := programs().Run(t.Context(), dir, []string{"sh", "-c", `pwd; echo "$EXTRA"; echo said >&2; exit 3`}, "EXTRA=a b")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("the error is %v", err)
	}
	real, _ := filepath.EvalSymlinks(dir)
	if got := string(stdout); got != dir+"\na b\n" && got != real+"\na b\n" {
		t.Errorf("stdout is %q", got)
	}
	if string(stderr) != "said\n" {
		t.Errorf("stderr is %q", stderr)
	}
}

func TestProgramsAreFoundInTheirPATH(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "bin", "tool"), "#!/bin/sh\necho found\n")
	if err := os.Chmod(filepath.Join(dir, "bin", "tool"), 0o755); err != nil {
		t.Fatal(err)
	}
	p := python.Programs{Env: []string{"PATH=/nowhere:" + filepath.Join(dir, "bin")}}
	for _, name := range []string{"tool", filepath.Join(dir, "bin", "tool"), "bin/tool"} {
		if out, _, err := p.Run(t.Context(), dir, []string{name}); err != nil || string(out) != "found\n" {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
	p.Env = []string{"PATH=.:bin"}
	for _, argv := range [][]string{{"tool"}, {"./no/tool"}, {filepath.Join(dir, "none")}} {
		if _, _, err := p.Run(t.Context(), dir, argv); !errors.Is(err, exec.ErrNotFound) {
			t.Errorf("%v: %v", argv, err)
		}
	}
	if _, _, err := p.Run(t.Context(), dir, nil); err == nil {
		t.Error("no program is run")
	}
}

func TestProgramsOutputIsBounded(t *testing.T) {
	_, _, err := programs().Run(t.Context(), t.TempDir(), []string{"sh", "-c", "head -c 40000000 /dev/zero"})
	if err == nil || !strings.Contains(err.Error(), "more than 32 MiB") {
		t.Errorf("endless output: %v", err)
	}
	_, stderr, err := programs().Run(t.Context(), t.TempDir(), []string{"sh", "-c", "head -c 1000000 /dev/zero >&2; echo last >&2"})
	if err != nil || len(stderr) != 64<<10 || !strings.HasSuffix(string(stderr), "last\n") {
		t.Errorf("kept %d bytes of messages, %v", len(stderr), err)
	}
}

// TestCancelEndsTheGroup is that nothing a tool has started outlives it.
func TestCancelEndsTheGroup(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		wait(t, func() bool { _, err := os.Stat(filepath.Join(dir, "ready")); return err == nil })
	}()
	_, _, err := programs().Run(ctx, dir, []string{"sh", "-c", "sleep 1000 & echo $! > child; mv child ready; wait"})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	child := pidIn(t, filepath.Join(dir, "ready"))
	wait(t, func() bool { return gone(child) })
}

// TestWhatAProgramLeavesBehind is that something in the background, which holds
// the output open, neither fails the program nor outlives it.
func TestWhatAProgramLeavesBehind(t *testing.T) {
	for script, status := range map[string]int{
		"echo six; sleep 1000 & echo $! > child; echo idna":                      0,
		"echo six; sleep 1000 > /dev/null 2>&1 & echo $! > child; echo idna":     0,
		"echo six; sleep 1000 & echo $! > child; echo idna; exit 4":              4,
		"echo six; (sleep 1000 & echo $! > child) & wait; echo idna; echo a >&2": 0,
	} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			stdout, _, err := programs().Run(t.Context(), dir, []string{"sh", "-c", script})
			var exit *exec.ExitError
			if status == 0 && err != nil || status != 0 && (!errors.As(err, &exit) || exit.ExitCode() != status) {
				t.Errorf("the error is %v", err)
			}
			if string(stdout) != "six\nidna\n" {
				t.Errorf("stdout is %q", stdout)
			}
			child := pidIn(t, filepath.Join(dir, "child"))
			wait(t, func() bool { return gone(child) })
		})
	}
}

// pidIn reads the number of a process.
func pidIn(t *testing.T, path string) int {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// gone reports whether a process has ended, collected or not.
func gone(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && strings.Contains(string(stat), ") Z ")
}

func wait(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); {
		if time.Now().After(deadline) {
			t.Error("it did not happen within 30 s")
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}
