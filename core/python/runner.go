package python

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Runner runs programs. It is an interface so that tests can answer for tools
// that are not there.
type Runner interface {
	// Run runs argv in dir, with the variables env beside those of the caller,
	// and gives what it wrote. The error is exec.ErrNotFound, wrapped, where
	// there is no such program, and not nil where it ended with a status other
	// than 0.
	Run(ctx context.Context, dir string, argv []string, env ...string) (stdout, stderr []byte, err error)
}

// Programs runs the programs of this machine. Nothing that a program has
// started in its group outlives it, and a cancelled context ends all of it.
type Programs struct {
	Env []string // the environment, as os.Environ gives it
}

const (
	maxOutput = 32 << 20 // what a program may write before it is an error
	maxErrors = 64 << 10 // how much of the end of its messages is kept
)

// Run implements Runner.
func (p Programs) Run(ctx context.Context, dir string, argv []string, env ...string) ([]byte, []byte, error) {
	if len(argv) == 0 || argv[0] == "" {
		return nil, nil, errors.New("no program is named")
	}
	path, err := p.find(dir, argv[0])
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.CommandContext(ctx, path, argv[1:]...)
	cmd.Args[0] = argv[0]
	cmd.Dir = dir
	cmd.Env = append(append([]string{}, p.Env...), env...)
	stdout, stderr := &head{limit: maxOutput}, &tail{limit: maxErrors}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	ownGroup(cmd)
	cmd.Cancel = func() error { return killGroup(cmd) }
	cmd.WaitDelay = 2 * time.Second
	err = cmd.Run()
	if cmd.Process != nil {
		_ = killGroup(cmd) // mostly there is nobody left in it
	}
	if errors.Is(err, exec.ErrWaitDelay) && cmd.ProcessState.Success() {
		err = nil // something in the background held the output open
	}
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("run %s: %w", argv[0], ctx.Err())
	case stdout.full:
		err = fmt.Errorf("run %s: it wrote more than %d MiB", argv[0], maxOutput>>20)
	case err != nil:
		err = fmt.Errorf("run %s: %w", argv[0], err)
	}
	return stdout.kept, stderr.bytes(), err
}

// find is the path of a program, looked for in the PATH of p.Env.
func (p Programs) find(dir, name string) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		if !executable(name) {
			return "", fmt.Errorf("find %s: %w", name, exec.ErrNotFound)
		}
		return name, nil
	}
	path := ""
	for _, v := range p.Env {
		if value, ok := strings.CutPrefix(v, "PATH="); ok {
			path = value
		}
	}
	for _, folder := range filepath.SplitList(path) {
		if !filepath.IsAbs(folder) {
			continue // what a working directory has is not run by chance
		}
		if at := filepath.Join(folder, name); executable(at) {
			return at, nil
		}
	}
	return "", fmt.Errorf("find %s in PATH: %w", name, exec.ErrNotFound)
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() && info.Mode()&0o111 != 0
}

// head keeps the first bytes that are written to it.
type head struct {
	kept  []byte
	limit int
	full  bool
}

func (h *head) Write(b []byte) (int, error) {
	if len(h.kept)+len(b) > h.limit {
		h.full = true
		return 0, errors.New("too much output")
	}
	h.kept = append(h.kept, b...)
	return len(b), nil
}

// tail keeps the last bytes that are written to it.
type tail struct {
	kept  []byte
	limit int
}

func (t *tail) Write(b []byte) (int, error) {
	t.kept = append(t.kept, b...)
	if len(t.kept) > 2*t.limit {
		t.kept = append([]byte{}, t.kept[len(t.kept)-t.limit:]...)
	}
	return len(b), nil
}

func (t *tail) bytes() []byte { return t.kept[max(0, len(t.kept)-t.limit):] }
