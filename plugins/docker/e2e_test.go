//go:build e2e

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/stackrun/stack/core/pluginhost"
	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/conformance"
	"github.com/stackrun/stack/sdk/wire"
)

// The test binary is the plugin when a host starts it, and the reaper of its
// containers when the plugin does.
func TestMain(m *testing.M) {
	if os.Getenv(wire.CookieKey) == wire.CookieValue || len(os.Args) == 2 && os.Args[1] == "reap-containers" {
		main()
	}
	os.Exit(m.Run())
}

func TestConformance(t *testing.T) {
	for _, name := range []string{"STACK_E2E_DOCKER_A", "STACK_E2E_DOCKER_B"} {
		t.Run(name, func(t *testing.T) {
			host := variable(t, name)
			stack, err := json.Marshal(map[string]string{"host": host})
			if err != nil {
				t.Fatal(err)
			}
			engine, err := client.New(client.WithHost(host))
			if err != nil {
				t.Fatal(err)
			}
			defer engine.Close()
			conformance.Run(t, conformance.Factory{
				Stack:    stack,
				Image:    &sdk.Image{Reference: variable(t, "STACK_E2E_REGISTRY") + "/library/" + variable(t, "STACK_E2E_BASE"), Platform: "linux/amd64"},
				Patience: 2 * time.Minute,
				Open:     open,
				Running:  func(t testing.TB, runID string) []string { return containers(t, engine, runID) },
			})
		})
	}
}

// TestAKilledPluginLeavesNoContainer kills the plugin alone, with no time to
// clean up; what it was removes them all the same.
func TestAKilledPluginLeavesNoContainer(t *testing.T) {
	for _, name := range []string{"STACK_E2E_DOCKER_A", "STACK_E2E_DOCKER_B"} {
		t.Run(name, func(t *testing.T) {
			host := variable(t, name)
			engine, err := client.New(client.WithHost(host))
			if err != nil {
				t.Fatal(err)
			}
			defer engine.Close()
			p := launch(t)
			o := p.Orchestrator()
			stack, err := json.Marshal(map[string]string{"host": host})
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := o.Configure(t.Context(), sdk.Configuration{Stack: stack, StateDir: t.TempDir(), ArtifactStore: "file://" + t.TempDir()}); err != nil {
				t.Fatal(err)
			}
			w := sdk.Workflow{Flow: "e2e", RunID: fmt.Sprintf("killed-%d", time.Now().UnixNano()), Steps: []sdk.Step{{
				Name: "train", Group: "train", Command: []string{"sleep", "300"}, Nodes: 1, When: sdk.WhenSuccess,
				Image: &sdk.Image{Reference: variable(t, "STACK_E2E_REGISTRY") + "/library/" + variable(t, "STACK_E2E_BASE")},
			}}}
			if _, err := o.Submit(t.Context(), w, nil); err != nil {
				t.Fatal(err)
			}
			enough := errors.New("it runs")
			err = o.Watch(t.Context(), sdk.WatchRequest{RunID: w.RunID}, func(e sdk.Event) error {
				if e.Step == "train" && e.State == sdk.StateRunning {
					return enough
				}
				return nil
			})
			if !errors.Is(err, enough) || len(containers(t, engine, w.RunID)) != 1 {
				t.Fatalf("the step does not run: %v", err)
			}
			p.Kill()
			<-p.Exited()
			begin := time.Now()
			for len(containers(t, engine, w.RunID)) > 0 {
				if time.Since(begin) > 5*time.Second {
					t.Fatal("the container is there five seconds after the plugin was killed")
				}
			}
			t.Logf("the container was gone %s after the plugin", time.Since(begin).Round(time.Millisecond))
		})
	}
}

// variable is what make e2e has set.
func variable(t testing.TB, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set; make e2e starts the engines", name)
	}
	return value
}

func open(t testing.TB) sdk.Orchestrator {
	t.Helper()
	return launch(t).Orchestrator()
}

func launch(t testing.TB) *pluginhost.Process {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	plugin := pluginhost.Plugin{Kind: pluginhost.Orchestrator, Name: "docker", Path: program}
	p, err := pluginhost.Launch(t.Context(), plugin, pluginhost.LaunchOptions{Environ: os.Environ()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close(t.Context()) })
	return p
}

// containers lists what is left of a run, running or not.
func containers(t testing.TB, engine *client.Client, runID string) []string {
	t.Helper()
	found, err := engine.ContainerList(t.Context(), client.ContainerListOptions{All: true, Filters: client.Filters{}.Add("label", "stack.run="+runID)})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, item := range found.Items {
		names = append(names, item.Names...)
	}
	return names
}
