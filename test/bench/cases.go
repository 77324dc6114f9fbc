package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
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
	beside  func(w world) (alternative, error) // nil: there is nothing like it
}

// alternative is what a user would do instead; its zero value is nothing.
type alternative struct {
	name string
	run  once
}

func (c benchCase) instead(w world) (alternative, error) {
	if c.beside == nil {
		return alternative{}, nil
	}
	return c.beside(w)
}

func cases() []benchCase {
	return []benchCase{
		{"stack --help, process", 10 * time.Millisecond, "", func(w world) (once, error) {
			return w.process(w.dir, "--help"), nil
		}, func(w world) (alternative, error) {
			docker := dockerProgram()
			if docker == "" {
				return alternative{}, nil
			}
			return alternative{"docker --help", w.command(w.dir, "exec "+docker+" --help")}, nil
		}},
		{"plugin started → first reply", 10 * time.Millisecond, "", pluginStart, nil},
		{"validate 1,000 steps", 100 * time.Millisecond, "", func(w world) (once, error) {
			dir, err := w.large("validate")
			return w.process(dir, "validate", "flow.yaml"), err
		}, nil},
		{"plan 1,000 steps, 100 stacks", 100 * time.Millisecond, "", func(w world) (once, error) {
			dir, err := w.large("plan")
			return w.process(dir, "plan", "flow.yaml", "--stack", "s42", "-o", "json"), err
		}, nil},
		{"run → submitted, processes, 10,000 files", 150 * time.Millisecond, "", func(w world) (once, error) {
			dir, err := w.tree("local", "stack \"local\" {\n  orchestrator \"local\" {}\n}\ndefault_stack = \"local\"\n")
			return w.untilSubmitted(dir, "run", "flow.yaml"), err
		}, nil},
		{"run → submitted, containers, no change, 10,000 files", 150 * time.Millisecond, "the real parts (test/real/up.sh)", noChange, dockerNoChange},
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

// dockerProgram is the docker client of Debian, which needs no plugin to build,
// or another, or empty.
func dockerProgram() string {
	for _, name := range []string{"/usr/bin/docker", "docker"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// dockerNoChange is what reuses the same image without stack: a build and a
// push of the same tree, of which nothing changed.
func dockerNoChange(w world) (alternative, error) {
	docker, registry := dockerProgram(), os.Getenv("STACK_E2E_REGISTRY")
	if docker == "" {
		return alternative{}, nil
	}
	dir, err := w.tree("instead", "")
	if err != nil {
		return alternative{}, err
	}
	dockerfile := fmt.Sprintf("FROM %s/library/python:3.11-slim\nWORKDIR /app\nCOPY . /app\n", registry)
	if err := write(dir, map[string]string{"Dockerfile": dockerfile}); err != nil {
		return alternative{}, err
	}
	w.environ = append(w.environ, "DOCKER_HOST="+os.Getenv("STACK_E2E_DOCKER_A"), "DOCKER_BUILDKIT=1")
	tag := fmt.Sprintf("%s/bench-instead-%d:latest", registry, time.Now().UnixNano())
	return alternative{"docker build + push", w.command(dir, fmt.Sprintf("%s build -q -t %s . && %s push -q %s", docker, tag, docker, tag))}, nil
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
