package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stackrun/stack/core/pluginhost"
	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/conformance"
	"github.com/stackrun/stack/sdk/wire"
)

// The test binary is the plugin when a host starts it, and the supervisor of
// its steps when the plugin does.
func TestMain(m *testing.M) {
	if os.Getenv(wire.CookieKey) == wire.CookieValue || len(os.Args) == 2 && os.Args[1] == "supervise-one-step" {
		main()
	}
	os.Exit(m.Run())
}

func TestConformance(t *testing.T) {
	conformance.Run(t, conformance.Factory{
		Environment: map[string]string{"PATH": os.Getenv("PATH"), "HOME": t.TempDir()},
		Open:        open,
		Running:     processesOf,
	})
}

func open(t testing.TB) sdk.Orchestrator {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	plugin := pluginhost.Plugin{Kind: pluginhost.Orchestrator, Name: "local", Path: program}
	p, err := pluginhost.Launch(t.Context(), plugin, pluginhost.LaunchOptions{Environ: os.Environ()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close(t.Context()) })
	return p.Orchestrator()
}

// processesOf lists the processes that have the run's id in their environment.
// Systems without /proc tell of none.
func processesOf(t testing.TB, runID string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, file := range files {
		environ, err := os.ReadFile(file)
		if err != nil { // it has ended, or is another user's
			continue
		}
		for variable := range bytes.SplitSeq(environ, []byte{0}) {
			if string(variable) == "STACK_RUN_ID="+runID {
				pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
				if err != nil {
					t.Fatal(err)
				}
				found = append(found, strconv.Itoa(pid))
			}
		}
	}
	return found
}
