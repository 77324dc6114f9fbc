package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/stackrun/stack/core/pluginhost"
	"github.com/stackrun/stack/sdk"
)

// benchCase is a line of the table. prepare gives nil when what it needs is
// not there.
type benchCase struct {
	name    string
	target  time.Duration
	needs   string
	prepare func(w world) (once, error)
}

func cases() []benchCase {
	return []benchCase{
		{"stack --help, process", 10 * time.Millisecond, "", func(w world) (once, error) {
			return w.process(w.dir, "--help"), nil
		}},
		{"plugin started → first reply", 10 * time.Millisecond, "", pluginStart},
		{"validate 1,000 steps", 100 * time.Millisecond, "", func(w world) (once, error) {
			dir, err := w.large("validate")
			return w.process(dir, "validate", "flow.yaml"), err
		}},
		{"plan 1,000 steps, 100 stacks", 100 * time.Millisecond, "", func(w world) (once, error) {
			dir, err := w.large("plan")
			return w.process(dir, "plan", "flow.yaml", "--stack", "s42", "-o", "json"), err
		}},
		{"run → submitted, processes, 10,000 files", 150 * time.Millisecond, "", func(w world) (once, error) {
			dir, err := w.tree("local", "stack \"local\" {\n  orchestrator \"local\" {}\n}\ndefault_stack = \"local\"\n")
			return w.untilSubmitted(dir, "run", "flow.yaml"), err
		}},
		{"run → submitted, containers, no change, 10,000 files", 150 * time.Millisecond, "the real parts (test/real/up.sh)", noChange},
	}
}

// pluginStart is the time from exec to the answer of the handshake.
func pluginStart(w world) (once, error) {
	plugin, err := pluginhost.Find(pluginhost.Orchestrator, "local", pluginhost.FindOptions{BinDir: w.bin})
	if err != nil {
		return nil, err
	}
	return func() (time.Duration, error) {
		ctx := context.Background()
		begun := time.Now()
		process, err := pluginhost.Launch(ctx, plugin, pluginhost.LaunchOptions{Host: sdk.Host{Version: "bench"}, Environ: w.environ})
		took := time.Since(begun)
		if err != nil {
			return 0, err
		}
		process.Close(ctx)
		return took, nil
	}, nil
}

// noChange is a run whose image exists, with an engine and a registry.
func noChange(w world) (once, error) {
	engine, registry := os.Getenv("STACK_E2E_DOCKER_A"), os.Getenv("STACK_E2E_REGISTRY")
	if engine == "" || registry == "" {
		return nil, nil
	}
	dir, err := w.tree("docker", fmt.Sprintf(`stack_config {
  registry_mirrors = { "docker.io" = %q }
}
stack "docker" {
  orchestrator "docker" {}
  image_builder "docker" {}
  container_registry {
    uri = "%s/bench-%d"
    plain_http = true
  }
}
default_stack = "docker"
`, registry, registry, time.Now().UnixNano()))
	w.environ = append(w.environ, "DOCKER_HOST="+engine)
	return w.untilSubmitted(dir, "run", "flow.yaml"), err
}

// large makes a flow of 1,000 steps and 100 stacks.
func (w world) large(name string) (string, error) {
	dir := filepath.Join(w.dir, name)
	var flow, stacks strings.Builder
	flow.WriteString("version: 1\nname: large\nimage: {base_image: \"python:3.11-slim\"}\nsteps:\n")
	for i := range 1000 {
		fmt.Fprintf(&flow, "  s%d:\n    command: [echo, \"%d\"]\n    resources: {cpu: 1, memory: %dMiB}\n", i, i, 64+i%4)
		if i > 0 {
			fmt.Fprintf(&flow, "    needs: [s%d]\n", i/2)
		}
	}
	for i := range 100 {
		fmt.Fprintf(&stacks, "stack \"s%d\" {\n  orchestrator \"local\" {}\n  defaults {\n    resources {\n      cpu = 0.%d\n    }\n  }\n}\n", i, 1+i%3)
	}
	stacks.WriteString("default_stack = \"s42\"\n")
	return dir, write(dir, map[string]string{"flow.yaml": flow.String(), "stacks.hcl": stacks.String()})
}

// tree makes a flow with 10,000 source files.
func (w world) tree(name, stacks string) (string, error) {
	dir := filepath.Join(w.dir, name)
	files := map[string]string{
		"flow.yaml":  "version: 1\nname: tree\nimage: {base_image: \"python:3.11-slim\"}\nsteps:\n  only: {run: 'true'}\n",
		"stacks.hcl": stacks,
	}
	for i := range 10000 {
		files[fmt.Sprintf("src/d%d/f%d.py", i/100, i)] = fmt.Sprintf("VALUE = %d\n", i)
	}
	return dir, write(dir, files)
}

func write(dir string, files map[string]string) error {
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return os.MkdirAll(filepath.Join(dir, ".stack"), 0o755)
}
