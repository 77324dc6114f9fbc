//go:build e2e

package orchestrator

import (
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/stackrun/stack/plugins/docker/internal/engine"
	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/conformance"
)

// variable is what the end-to-end tests' machinery must have set.
func variable(t testing.TB, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set; make e2e starts the engines", name)
	}
	return value
}

// engines runs a test on both engines.
func engines(t *testing.T, test func(t *testing.T, host string, image sdk.Image)) {
	for _, name := range []string{"STACK_E2E_DOCKER_A", "STACK_E2E_DOCKER_B"} {
		t.Run(name, func(t *testing.T) {
			image := sdk.Image{Reference: variable(t, "STACK_E2E_REGISTRY") + "/library/" + variable(t, "STACK_E2E_BASE"), Platform: "linux/amd64"}
			test(t, variable(t, name), image)
		})
	}
}

func stackOn(t testing.TB, host string) sdk.Config {
	t.Helper()
	config, err := json.Marshal(map[string]any{"host": host})
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func connect(t testing.TB, host string) *client.Client {
	t.Helper()
	c, err := engine.Connect(host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// containers lists what is left of a run.
func containers(t testing.TB, c *client.Client, runID string) []string {
	t.Helper()
	found, err := c.ContainerList(t.Context(), client.ContainerListOptions{All: true, Filters: client.Filters{}.Add("label", labelRun+"="+runID)})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, item := range found.Items {
		names = append(names, item.Names...)
	}
	return names
}

func TestConformance(t *testing.T) {
	engines(t, func(t *testing.T, host string, image sdk.Image) {
		c := connect(t, host)
		conformance.Run(t, conformance.Factory{
			InProcess: true,
			Stack:     stackOn(t, host),
			Image:     &image,
			Patience:  2 * time.Minute,
			Running:   func(t testing.TB, runID string) []string { return containers(t, c, runID) },
			Open: func(t testing.TB) sdk.Orchestrator {
				d := New()
				t.Cleanup(func() { closeSoon(t, d) })
				return d
			},
		})
	})
}

func closeSoon(t testing.TB, d *Docker) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := d.Close(ctx); err != nil {
		t.Error(err)
	}
}
