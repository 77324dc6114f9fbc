package engine

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/python"
)

// pythonTools answers what images ask of this machine's Python tools. Each
// question is asked once, however many steps ask it.
type pythonTools struct {
	ctx    context.Context // of the plan that asks
	engine *Engine
	runner python.Runner

	mu      sync.Mutex
	answers map[string]answer
}

type answer struct {
	lines    []string
	warnings []string
	err      error
}

func (e *Engine) python(ctx context.Context) image.Python {
	return &pythonTools{ctx: ctx, engine: e, runner: python.Programs{Env: e.Environ}, answers: map[string]answer{}}
}

// Freeze implements image.Python.
func (t *pythonTools) Freeze(installer image.Installer) ([]string, []string, error) {
	return t.once("freeze "+string(installer), func() answer {
		frozen, err := python.Freeze(t.ctx, t.runner, python.Installed{Installer: string(installer), Lookup: t.engine.LookupEnv, Dir: t.engine.Root})
		return answer{frozen.Lines, frozen.Warnings, err}
	})
}

// Export implements image.Python.
func (t *pythonTools) Export(pyproject string, command []string) ([]string, []string, error) {
	return t.once("export "+pyproject+"\x00"+strings.Join(command, "\x00"), func() answer {
		exported, err := python.Export(t.ctx, t.runner, t.engine.Root, t.shown(pyproject), command)
		return answer{slices.Concat(exported.Options, exported.Lines), exported.Warnings, err}
	})
}

// shown is a path as it is written in a flow: from the source root, where that
// is not the longer way.
func (t *pythonTools) shown(path string) string {
	if short, err := filepath.Rel(t.engine.Root, path); err == nil && len(short) < len(path) {
		return short
	}
	return path
}

func (t *pythonTools) once(question string, ask func() answer) ([]string, []string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, asked := t.answers[question]
	if !asked {
		a = ask()
		t.answers[question] = a
	}
	return a.lines, a.warnings, a.err
}

// Detect implements image.Python.
func (t *pythonTools) Detect(root string) (string, diag.List) {
	home, _ := t.engine.LookupEnv("HOME")
	found, err := python.Detect(root, home)
	if err != nil {
		return "", diag.FromError(err)
	}
	if found.Warning == "" {
		return found.Path, nil
	}
	return found.Path, diag.List{diag.New(diag.SettingIgnored, "%s", found.Warning).AsWarning()}
}

// CheckLock implements image.Python.
func (t *pythonTools) CheckLock(pyproject, lock []byte) error {
	return python.CheckUVLock(pyproject, lock)
}
