package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain has the test binary play `stack`: testscript puts a copy of it under
// that name first in PATH, and the plugins are built beside the copy, as they
// are installed beside the real one.
func TestMain(m *testing.M) {
	testscript.Main(withPlugins{m}, map[string]func(){"stack": func() {
		ctx, stop := Signals()
		status := Main(ctx, FromOS("test"))
		stop()
		os.Exit(status)
	}})
}

// withPlugins builds the plugins before the tests run.
type withPlugins struct{ m *testing.M }

func (w withPlugins) Run() int {
	if err := buildPlugins(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return w.m.Run()
}

func buildPlugins() error {
	stack, err := exec.LookPath("stack")
	if err != nil {
		return err
	}
	out, err := exec.Command("go", "build", "-o", filepath.Join(filepath.Dir(stack), "stack-orchestrator-local"), "../../plugins/local").CombinedOutput()
	if err != nil {
		return fmt.Errorf("build the local orchestrator: %w\n%s", err, out)
	}
	return nil
}

// TestScripts runs what users type. Each script has a folder, a home and an
// environment of its own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			// The source root ends here, whatever is above.
			if err := os.Mkdir(filepath.Join(env.WorkDir, ".stack"), 0o755); err != nil {
				return err
			}
			env.Setenv("GIT_CEILING_DIRECTORIES", env.WorkDir)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": scriptStatus,
			"until":  scriptUntil,
			"json":   scriptJSON,
			"keys":   scriptKeys,
			"bytes":  scriptBytes,
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// scriptStatus is `status N PROGRAM [ARG...]`: the program must end with
// status N. Its output is for what follows, as after exec.
func scriptStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N program [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := exitCode(ts, ts.Exec(args[1], args[2:]...)); got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

func exitCode(ts *testscript.TestScript, err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	ts.Fatalf("%v", err)
	return -1
}

// patience bounds every wait for a condition.
const patience = 30 * time.Second

// scriptUntil is `until REGEXP PROGRAM [ARG...]`: the program is run again and
// again until its standard output matches.
func scriptUntil(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until regexp program [args...]")
	}
	want, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	var last string
	err = eventually(context.Background(), func() bool {
		_ = ts.Exec(args[1], args[2:]...) // it may fail until the condition holds
		last = ts.ReadFile("stdout")
		return want.MatchString(last)
	})
	if err != nil {
		ts.Fatalf("never matched %q; the last output:\n%s", args[0], last)
	}
}

// eventually waits until holds does.
func eventually(ctx context.Context, holds func() bool) error {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// scriptBytes is `bytes FILE GO-STRING`: the file has exactly those bytes.
func scriptBytes(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: bytes file string")
	}
	want, err := strconv.Unquote(`"` + strings.ReplaceAll(args[1], `"`, `\"`) + `"`)
	ts.Check(err)
	if got := ts.ReadFile(args[0]); got != want {
		ts.Fatalf("%s is %q, want %q", args[0], got, want)
	}
}
