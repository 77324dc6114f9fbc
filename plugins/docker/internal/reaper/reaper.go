// Package reaper removes containers when the plugin that made them has been
// killed. It is a second, small process of the plugin's executable that reads a
// pipe: the plugin says which containers it makes and which are gone, and when
// the pipe closes, those that are left are removed. A plugin that ends in order
// leaves none, and the reaper ends with it.
package reaper

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"github.com/stackrun/stack/plugins/docker/internal/engine"
)

// argument is what the plugin's executable is started with to reap.
const argument = "reap-containers"

// message is a line of the pipe.
type message struct {
	Host string `json:"host,omitempty"` // first: the engine
	Made string `json:"made,omitempty"` // the name of a container about to be made
	Gone string `json:"gone,omitempty"`
}

// MainIfAsked reaps, and does not return, when the process was started for that.
func MainIfAsked(args []string) {
	if len(args) == 2 && args[1] == argument {
		os.Exit(reap(os.Stdin))
	}
}

// How long an engine may take, and how long a container may still appear that
// the plugin had asked for when it died.
const (
	removeTime = 20 * time.Second
	appearTime = time.Second
)

func reap(pipe io.Reader) int {
	lines := bufio.NewScanner(pipe)
	host := ""
	left := map[string]bool{}
	for lines.Scan() {
		var m message
		if json.Unmarshal(lines.Bytes(), &m) != nil {
			break // cut off in the middle: the plugin is gone
		}
		switch {
		case m.Made != "":
			left[m.Made] = true
		case m.Gone != "":
			delete(left, m.Gone)
		case m.Host != "":
			host = m.Host
		}
	}
	if len(left) == 0 {
		return 0
	}
	c, err := engine.Connect(host)
	if err != nil {
		return 1 // nobody is left to be told; the next plugin sweeps
	}
	ctx, cancel := context.WithTimeout(context.Background(), removeTime)
	defer cancel()
	var all sync.WaitGroup
	for name := range left {
		all.Go(func() { remove(ctx, c, name) })
	}
	all.Wait()
	return 0
}

// remove removes a container, which may be about to appear.
func remove(ctx context.Context, c *client.Client, name string) {
	for begin := time.Now(); ctx.Err() == nil && time.Since(begin) < appearTime; {
		_, err := c.ContainerRemove(ctx, name, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		if err == nil {
			return
		}
		if !errdefs.IsNotFound(err) {
			begin = time.Now() // being removed already, or the engine is busy
		}
		time.Sleep(50 * time.Millisecond) // nobody would wake us
	}
}

// Reaper is the plugin's side.
type Reaper struct {
	mu   sync.Mutex
	pipe io.WriteCloser
	cmd  *exec.Cmd
}

// Start starts the process, which is program, for the engine at host.
func Start(program, host string) (*Reaper, error) {
	cmd := exec.Command(program, argument)
	ownSession(cmd)
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the process that removes containers: %w", err)
	}
	r := &Reaper{pipe: pipe, cmd: cmd}
	return r, r.send(message{Host: host})
}

// Made says that a container is about to be made.
func (r *Reaper) Made(name string) error { return r.send(message{Made: name}) }

// Gone says that a container is no more.
func (r *Reaper) Gone(name string) error { return r.send(message{Gone: name}) }

func (r *Reaper) send(m message) error {
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := r.pipe.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("tell the process that removes containers: %w", err)
	}
	return nil
}

// Close has the process remove what is left, and waits for its end or ctx's.
func (r *Reaper) Close(ctx context.Context) error {
	r.mu.Lock()
	err := r.pipe.Close()
	r.mu.Unlock()
	done := make(chan struct{})
	go func() {
		_ = r.cmd.Wait() // how it ended says nothing
		close(done)
	}()
	select {
	case <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
