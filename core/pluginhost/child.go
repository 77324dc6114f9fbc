package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// child is the plugin's process, as go-plugin wants to see one. It exists so
// that a plugin can be killed at any moment, while it starts too, with all
// that it has started, and so that its end is known whatever holds its output
// open.
type child struct {
	path      string
	environ   []string
	socketDir string // removed when the start fails; go-plugin removes it later
	stdout    *pipe
	stderr    *pipe
	exited    chan struct{}    // closed when the process has ended
	state     *os.ProcessState // of the end; set before exited is closed
	mu        sync.Mutex
	cmd       *exec.Cmd // nil until started
	killed    bool      // asked for, perhaps before the start
}

// errKilled means that the process was not wanted any more.
var errKilled = errors.New("the plugin was stopped before it was ready")

func newChild(path string) *child {
	return &child{path: path, exited: make(chan struct{})}
}

// Start starts the process with the environment that go-plugin has completed.
func (c *child) Start(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := errKilled
	if !c.killed {
		err = c.start()
	}
	if err != nil {
		_ = os.RemoveAll(c.socketDir) // empty
	}
	return err
}

func (c *child) start() error {
	stdout, stdoutEnd, err := newPipe()
	if err != nil {
		return fmt.Errorf("make a pipe: %w", err)
	}
	stderr, stderrEnd, err := newPipe()
	if err != nil {
		return fmt.Errorf("make a pipe: %w", err)
	}
	cmd := &exec.Cmd{
		Path:   c.path,
		Args:   []string{c.path},
		Env:    c.environ,
		Dir:    string(filepath.Separator), // a place without meaning
		Stdout: stdoutEnd,
		Stderr: stderrEnd,
	}
	ownGroup(cmd)
	err = cmd.Start()
	_, _ = stdoutEnd.Close(), stderrEnd.Close() // the process has them now
	if err != nil {
		_, _ = stdout.Close(), stderr.Close()
		return err
	}
	c.cmd, c.stdout, c.stderr = cmd, stdout, stderr
	go c.reap()
	return nil
}

// reap waits for the end of the process, and a moment more for the rest of
// what it wrote: something that it started may hold the pipes open for ever.
func (c *child) reap() {
	_ = c.cmd.Wait() // the state tells how it ended
	c.mu.Lock()
	c.state = c.cmd.ProcessState
	killGroup(c.cmd) // what it has started and left
	c.mu.Unlock()
	c.stdout.finish(time.Second / 4)
	c.stderr.finish(time.Second / 4)
	close(c.exited)
}

// Kill ends the process and its group, or keeps it from starting. It does not
// wait.
func (c *child) Kill(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.killed = true
	if c.cmd != nil && c.state == nil { // later its number may be another's
		killGroup(c.cmd)
	}
	return nil
}

// Wait waits for the end of the process.
func (c *child) Wait(ctx context.Context) error {
	select {
	case <-c.exited:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ended is how the process ended, for people. It must have.
func (c *child) ended() string { return c.state.String() }

func (c *child) ID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cmd == nil {
		return ""
	}
	return strconv.Itoa(c.cmd.Process.Pid)
}

func (c *child) Name() string                    { return c.path }
func (c *child) Stdout() io.ReadCloser           { return c.stdout }
func (c *child) Stderr() io.ReadCloser           { return c.stderr }
func (c *child) Diagnose(context.Context) string { return "" }

// PluginToHost and HostToPlugin leave addresses alone: both are on this machine.
func (c *child) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

func (c *child) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
