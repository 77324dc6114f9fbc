//go:build e2e

package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// event is one line of `stack run -o json`.
type event struct {
	Type    string `json:"type"`
	Run     string `json:"run"`
	Step    string `json:"step"`
	From    string `json:"from"`
	To      string `json:"to"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// started is a command that has not been waited for.
type started struct {
	t    *testing.T
	cmd  *exec.Cmd
	done chan struct{}

	mu             sync.Mutex
	events         []event
	stdout, stderr bytes.Buffer
	begun          time.Time
	took           time.Duration
}

// start begins a command with -o json in a process group of its own, so that a
// signal for it reaches only it. It is killed when the test ends.
func (p *project) start(args ...string) *started {
	p.t.Helper()
	args = append(args, "-o", "json")
	s := &started{t: p.t, cmd: exec.Command(binary(p.t, "stack"), args...), done: make(chan struct{}), begun: time.Now()}
	s.cmd.Dir, s.cmd.Env = p.dir, p.env
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	s.cmd.Stderr = lockedWriter{s}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	go func() {
		defer close(s.done)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<24)
		for lines.Scan() {
			s.line(lines.Bytes())
		}
		_ = s.cmd.Wait() // its end is in ProcessState
		s.took = time.Since(s.begun)
	}()
	p.t.Cleanup(func() {
		_ = s.cmd.Process.Kill() // it may have ended
		<-s.done
	})
	return s
}

type lockedWriter struct{ s *started }

func (w lockedWriter) Write(b []byte) (int, error) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	return w.s.stderr.Write(b)
}

func (s *started) line(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stdout.Write(b)
	s.stdout.WriteByte('\n')
	var e event
	if json.Unmarshal(b, &e) == nil && e.Type != "" {
		s.events = append(s.events, e)
	}
}

func (s *started) result() result {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := result{args: s.cmd.Args[1:], code: -1, stdout: s.stdout.String(), stderr: s.stderr.String(), took: s.took}
	select {
	case <-s.done:
		r.code = s.cmd.ProcessState.ExitCode()
	default:
	}
	return r
}

// until waits for an event. The command ending before it is a failure.
func (s *started) until(what string, limit time.Duration, want func(event) bool) {
	s.t.Helper()
	s.untilTrue(what, limit, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, e := range s.events {
			if want(e) {
				return true
			}
		}
		return false
	})
}

func (s *started) untilTrue(what string, limit time.Duration, condition func() bool) {
	s.t.Helper()
	ended := false
	ok := eventually(limit, func() bool {
		if condition() {
			return true
		}
		select {
		case <-s.done:
			ended = true
		default:
		}
		return ended
	})
	if !ok || ended && !condition() {
		s.t.Fatalf("%s did not happen (ended: %v):\n%s", what, ended, s.result())
	}
}

// signal sends a signal to the command alone.
func (s *started) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatalf("send %v: %v\n%s", sig, err, s.result())
	}
}

// wait is the end of the command.
func (s *started) wait(limit time.Duration) result {
	s.t.Helper()
	select {
	case <-s.done:
		return s.result()
	case <-time.After(limit):
		s.t.Fatalf("did not end within %s:\n%s", limit, s.result())
		return result{}
	}
}

// eventually asks every 20 ms whether a condition holds.
func eventually(limit time.Duration, condition func() bool) bool {
	deadline := time.After(limit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if condition() {
			return true
		}
		select {
		case <-deadline:
			return condition()
		case <-tick.C:
		}
	}
}

// within fails the test when a condition does not come to hold.
func within(t *testing.T, limit time.Duration, what string, condition func() bool) {
	t.Helper()
	if !eventually(limit, condition) {
		t.Errorf("not within %s: %s", limit, what)
	}
}
