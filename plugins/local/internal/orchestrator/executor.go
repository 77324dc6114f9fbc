package orchestrator

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stackrun/stack/plugins/local/internal/supervisor"
	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/driver"
)

// executor starts attempts as supervised processes.
type executor struct {
	program string            // the plugin's own executable
	base    map[string]string // the caller's environment
}

func (e *executor) Start(ctx context.Context, a driver.Attempt) (driver.Process, error) {
	inputs, err := inputPaths(a)
	if err != nil {
		return nil, err
	}
	paths := pathsOf(a, inputs)
	argv := a.Command(paths)
	dir := workdir(a.Step, a.SourceRoot)
	env := e.environment(a.Environment(paths), dir)
	path, err := lookPath(argv[0], env["PATH"], dir)
	if err != nil {
		return nil, &driver.Failure{Reason: sdk.ReasonStart, Native: "ENOENT", Permanent: true, Err: err}
	}
	command, err := supervisor.Start(ctx, e.program, supervisor.Spec{Path: path, Argv: argv, Env: list(env), Dir: dir}, a.Stdout, a.Stderr)
	if err != nil {
		return nil, fmt.Errorf("start %s in %s: %w", path, dir, err)
	}
	return process{command}, nil
}

// Sweep kills what is left of a run. Its processes know the run's id, and
// nobody else has it in the environment.
func (e *executor) Sweep(ctx context.Context, runID string) error {
	return supervisor.Sweep(ctx, "STACK_RUN_ID="+runID)
}

// environment is the caller's with the step's on top.
func (e *executor) environment(step []sdk.EnvVar, dir string) map[string]string {
	env := make(map[string]string, len(e.base)+len(step)+1)
	for name, value := range e.base {
		env[name] = value
	}
	env["PWD"] = dir
	for _, v := range step {
		env[v.Name] = v.Value
	}
	return env
}

// pathsOf is where an attempt has what it takes and makes.
func pathsOf(a driver.Attempt, inputs map[string]string) driver.Paths {
	outputs := map[string]string{}
	for _, o := range a.Outputs {
		outputs[o.Name] = o.Path
	}
	return driver.Paths{
		Input:  func(name string) string { return inputs[name] },
		Output: func(name string) string { return outputs[name] },
	}
}

func list(env map[string]string) []string {
	out := make([]string, 0, len(env))
	for name, value := range env {
		out = append(out, name+"="+value)
	}
	slices.Sort(out)
	return out
}

// inputPaths is where the attempt finds its inputs: in the store itself, or
// for an input of many sources in a folder of links.
func inputPaths(a driver.Attempt) (map[string]string, error) {
	paths := map[string]string{}
	for _, in := range a.Inputs {
		path := filepath.Join(a.Scratch, "inputs", in.Name)
		if in.Many {
			if err := gather(path, in.Sources); err != nil {
				return nil, fmt.Errorf("input %s: %w", in.Name, err)
			}
		} else if len(in.Sources) > 0 {
			path = in.Sources[0].Path
		}
		paths[in.Name] = path
	}
	return paths, nil
}

// process is a step's process.
type process struct{ command *supervisor.Command }

func (p process) Wait() (driver.Exit, error) {
	end, err := p.command.Wait()
	if err != nil {
		return driver.Exit{}, err
	}
	exit := driver.Exit{Code: end.Code}
	if end.OOM {
		exit.Reason, exit.Native = sdk.ReasonOOM, "SIGKILL"
		exit.Message = "killed by the system, which was out of memory"
	}
	return exit, nil
}

func (p process) Signal(s driver.Signal) error {
	if s == driver.Kill {
		p.command.Kill()
	} else {
		p.command.Terminate()
	}
	return nil
}

// plainName reports whether name is the name of an entry in a folder.
func plainName(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\\\x00")
}
