package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/stackrun/stack/plugins/docker/internal/reaper"
	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/driver"
)

// Limits on an engine that does not answer.
const (
	callTime   = 30 * time.Second // a short call
	outputTime = 10 * time.Second // the rest of the output after the end
	awayTime   = time.Minute      // an engine that is being restarted
)

// containerProcess is an attempt's container.
type containerProcess struct {
	client  *client.Client
	attempt driver.Attempt
	log     *slog.Logger
	reaper  *reaper.Reaper
	name    string
	id      string

	stream client.HijackedResponse
	copied chan error // how the copying of the output ended
	tail   tail       // of the standard error
}

// attach takes the output from its first byte on, whatever logging driver the
// engine has.
func (c *containerProcess) attach() error {
	// The stream lives as long as the container, not as the call that starts it.
	attached, err := c.client.ContainerAttach(context.Background(), c.id, client.ContainerAttachOptions{Stream: true, Stdout: true, Stderr: true})
	if err != nil {
		return fmt.Errorf("attach to container: %w", err)
	}
	c.stream = attached.HijackedResponse
	c.copied = make(chan error, 1)
	go func() {
		_, err := stdcopy.StdCopy(c.attempt.Stdout, io.MultiWriter(c.attempt.Stderr, &c.tail), c.stream.Reader)
		c.copied <- err
	}()
	return nil
}

// Wait waits for the container's end, takes output and files, and removes it.
func (c *containerProcess) Wait() (exit driver.Exit, err error) {
	defer c.remove()
	state, err := c.end()
	if err != nil {
		return driver.Exit{}, err
	}
	timer := time.NewTimer(outputTime)
	defer timer.Stop()
	select {
	case err := <-c.copied:
		if err != nil && !errors.Is(err, io.EOF) {
			c.log.Warn("output of a container may be cut", "container", c.name, "error", err)
		}
	case <-timer.C:
		c.log.Warn("the output of a container that has ended does not end", "container", c.name)
	}
	c.stream.Close()
	exit = driver.Exit{Code: state.ExitCode}
	switch {
	case state.OOMKilled && state.ExitCode != 0:
		exit.Reason, exit.Native = sdk.ReasonOOM, "OOMKilled"
		exit.Message = "out of memory: " + c.memoryLimit()
	case state.ExitCode == 126 || state.ExitCode == 127:
		// The engine's init says so when it cannot start the command; a shell
		// that does not find a command ends with the same numbers.
		if message := initFailure(c.tail.String()); message != "" {
			return exit, &driver.Failure{Reason: sdk.ReasonStart, Permanent: true, Err: errors.New(message)}
		}
	case state.ExitCode == 0:
		if err := c.fetchFiles(); err != nil {
			return exit, &driver.Failure{Reason: sdk.ReasonOutput, Err: err}
		}
	}
	if state.Error != "" && exit.Message == "" {
		exit.Message = state.Error
	}
	return exit, nil
}

func (c *containerProcess) memoryLimit() string {
	if limit := c.attempt.Step.Resources.MemoryBytes; limit > 0 {
		return "the step may use " + size(limit)
	}
	return "the engine's machine has no more"
}

// end waits until the container has ended. An engine that is restarted in the
// meantime is waited for.
func (c *containerProcess) end() (*container.State, error) {
	for {
		wait := c.client.ContainerWait(context.Background(), c.id, client.ContainerWaitOptions{Condition: container.WaitConditionNotRunning})
		var lost error
		select {
		case <-wait.Result:
		case lost = <-wait.Error:
		}
		state, err := c.state()
		switch {
		case errdefs.IsNotFound(err):
			return nil, errors.New("the container was removed by somebody else")
		case err != nil:
			return nil, fmt.Errorf("the engine is gone: %w", errors.Join(lost, err))
		case !state.Running && !state.Restarting:
			return state, nil
		}
	}
}

// state asks for the container's state until the engine answers.
func (c *containerProcess) state() (*container.State, error) {
	ctx, cancel := context.WithTimeout(context.Background(), awayTime)
	defer cancel()
	for {
		result, err := c.client.ContainerInspect(ctx, c.id, client.ContainerInspectOptions{})
		if err == nil {
			return result.Container.State, nil
		}
		if errdefs.IsNotFound(err) || ctx.Err() != nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// Signal passes a signal on.
func (c *containerProcess) Signal(s driver.Signal) error {
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	signal := "SIGKILL"
	if s == driver.Terminate {
		signal = c.stopSignal(ctx)
	}
	_, err := c.client.ContainerKill(ctx, c.id, client.ContainerKillOptions{Signal: signal})
	if errdefs.IsNotFound(err) || errdefs.IsConflict(err) { // it has ended
		return nil
	}
	return err
}

// stopSignal is what the image wants to be told to end with.
func (c *containerProcess) stopSignal(ctx context.Context) string {
	result, err := c.client.ContainerInspect(ctx, c.id, client.ContainerInspectOptions{})
	if err != nil || result.Container.Config == nil || result.Container.Config.StopSignal == "" {
		return "SIGTERM"
	}
	return result.Container.Config.StopSignal
}

// remove removes the container. Where that fails, the reaper does it later.
func (c *containerProcess) remove() {
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	if c.stream.Conn != nil {
		c.stream.Close()
	}
	if err := removeContainer(ctx, c.client, c.name); err != nil {
		c.log.Warn("a container could not be removed", "container", c.name, "error", err)
		return
	}
	if err := c.reaper.Gone(c.name); err != nil {
		c.log.Warn("the reaper is gone", "error", err)
	}
}

// initFailure finds what the engine's init (tini) says when it cannot start
// the command: [FATAL tini (7)] exec /no/such failed: No such file or directory
func initFailure(stderr string) string {
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(line)
		_, rest, ok := strings.Cut(line, "[FATAL tini (")
		if !ok {
			continue
		}
		if _, message, ok := strings.Cut(rest, ")] exec "); ok {
			return "command " + message
		}
	}
	return ""
}

// tail keeps the last bytes that were written.
type tail struct {
	mu   sync.Mutex
	data []byte
}

const longestTail = 4 << 10

func (t *tail) Write(data []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.data = append(t.data, data...)
	if len(t.data) > longestTail {
		t.data = append([]byte(nil), t.data[len(t.data)-longestTail:]...)
	}
	return len(data), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.data)
}
