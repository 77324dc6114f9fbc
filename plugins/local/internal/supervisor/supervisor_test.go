//go:build linux

package supervisor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The test binary is also the supervisor, and a plugin that is to be killed.
func TestMain(m *testing.M) {
	MainIfAsked(os.Args)
	if dir := os.Getenv("SUPERVISOR_TEST_PLUGIN"); dir != "" {
		program, err := os.Executable()
		if err != nil {
			panic(err)
		}
		c, err := Start(context.Background(), program, shell(dir, detached), os.Stdout, os.Stderr)
		if err != nil {
			panic(err)
		}
		end, err := c.Wait() // it is killed before
		panic(fmt.Sprint(end, err))
	}
	os.Exit(m.Run())
}

// detached leaves a process behind that has a session of its own and no parent
// that knows it, and goes on itself.
const detached = `(setsid sh -c 'echo $$ > detached; exec sleep 300' &) ; while [ ! -s detached ]; do :; done; echo $$ > ready; sleep 300`

func shell(dir, script string) Spec {
	return Spec{Path: "/bin/sh", Argv: []string{"sh", "-c", script}, Env: []string{"PATH=" + os.Getenv("PATH"), "MARK=" + dir}, Dir: dir}
}

func start(t *testing.T, spec Spec, out *bytes.Buffer) *Command {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c, err := Start(t.Context(), program, spec, out, out)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEnds(t *testing.T) {
	for script, want := range map[string]int{
		"exit 0":        0,
		"exit 7":        7,
		"kill -KILL $$": 137,
		"kill -TERM $$": 143,
	} {
		var out bytes.Buffer
		c := start(t, shell(t.TempDir(), "echo out; echo err >&2; "+script), &out)
		end, err := c.Wait()
		if err != nil || end.Code != want || end.OOM {
			t.Errorf("%s: %+v, %v", script, end, err)
		}
		if out.String() != "out\nerr\n" {
			t.Errorf("%s: wrote %q", script, out.String())
		}
	}
}

func TestNothingIsLeftAfterTheEnd(t *testing.T) {
	dir := t.TempDir()
	script := strings.TrimSuffix(detached, "sleep 300") + "exit 3"
	end, err := start(t, shell(dir, script), &bytes.Buffer{}).Wait()
	if err != nil || end.Code != 3 {
		t.Errorf("%+v, %v", end, err)
	}
	if alive(t, filepath.Join(dir, "detached")) {
		t.Error("the process that detached itself still runs")
	}
}

func TestSignals(t *testing.T) {
	dir := t.TempDir()
	var out bytes.Buffer
	c := start(t, shell(dir, `trap 'echo polite' TERM; echo $$ > ready; while :; do sleep 0.05; done`), &out)
	waitFor(t, filepath.Join(dir, "ready"))
	c.Terminate()
	c.Kill()
	end, err := c.Wait()
	if err != nil || end.Code != 137 || end.OOM {
		t.Errorf("%+v, %v", end, err)
	}
	c.Kill() // after the end
}

func TestAKilledPluginLeavesNothing(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	plugin := exec.Command(program)
	plugin.Env = append(os.Environ(), "SUPERVISOR_TEST_PLUGIN="+dir)
	if err := plugin.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, filepath.Join(dir, "ready"))
	if err := plugin.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = plugin.Wait() // it was killed
	for _, name := range []string{"ready", "detached"} {
		within(t, name+" to be gone", func() bool { return !alive(t, filepath.Join(dir, name)) })
	}
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	c := start(t, shell(dir, detached), &bytes.Buffer{})
	waitFor(t, filepath.Join(dir, "ready"))
	if err := Sweep(t.Context(), "MARK="+dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ready", "detached"} {
		if alive(t, filepath.Join(dir, name)) {
			t.Errorf("%s still runs", name)
		}
	}
	if end, err := c.Wait(); err != nil || end.Code != 137 {
		t.Errorf("%+v, %v", end, err)
	}
}

func TestACommandThatCannotStart(t *testing.T) {
	dir := t.TempDir()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	spec := shell(dir, "true")
	spec.Dir = filepath.Join(dir, "missing")
	if _, err := Start(t.Context(), program, spec, os.Stdout, os.Stderr); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a folder that is missing: %v", err)
	}
}

// alive reads a process's number from a file and looks for it.
func alive(t *testing.T, file string) bool {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	_, running := parentOf(pid)
	return running
}

func waitFor(t *testing.T, file string) {
	t.Helper()
	within(t, file, func() bool {
		info, err := os.Stat(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return err == nil && info.Size() > 0
	})
}

func within(t *testing.T, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(10 * time.Second)
	for !condition() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
