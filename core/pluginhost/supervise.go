package pluginhost

import (
	"context"
	"errors"
	"sync"

	"github.com/stackrun/stack/sdk"
)

// mostRelaunches is how often a plugin that crashes is started again. One that
// crashes a third time is broken rather than unlucky.
const mostRelaunches = 2

// Supervised is an orchestrator whose process is started again when it has
// crashed, and the call that was under way is made again: freely where that
// changes nothing, Submit only after looking for the run. A panic that the
// plugin has survived is no crash.
type Supervised struct {
	launch func(context.Context) (*Process, error)

	mu         sync.Mutex
	starting   *start
	current    *Process
	relaunches int
	crash      error // the last one
	configured *sdk.Configuration
	closed     bool
}

// start is a launch under way.
type start struct {
	done   chan struct{}
	cancel context.CancelFunc
	result *Process
	err    error
}

// Supervise makes an orchestrator of processes that launch starts, the first
// one with the first call.
func Supervise(launch func(context.Context) (*Process, error)) *Supervised {
	return &Supervised{launch: launch}
}

// Info is who the plugin is, once it has been started.
func (s *Supervised) Info() sdk.Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		return sdk.Info{}
	}
	return s.current.Info
}

// process is the running process; it starts one where there is none. A caller
// that gives up leaves the start to the others.
func (s *Supervised) process(ctx context.Context) (*Process, error) {
	s.mu.Lock()
	switch {
	case s.closed:
		s.mu.Unlock()
		return nil, errClosed
	case s.current != nil:
		defer s.mu.Unlock()
		return s.current, nil
	case s.starting == nil:
		s.begin()
	}
	st := s.starting
	s.mu.Unlock()
	select {
	case <-st.done:
		return st.result, st.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// begin starts a process; s.mu is held.
func (s *Supervised) begin() {
	ctx, cancel := context.WithCancel(context.Background()) // Close ends it
	st := &start{done: make(chan struct{}), cancel: cancel}
	s.starting = st
	configuration := s.configured
	go func() {
		defer cancel()
		p, err := s.launch(ctx)
		if err == nil && configuration != nil {
			if _, _, err = p.Orchestrator().Configure(ctx, *configuration); err != nil {
				p.Kill()
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		st.result, st.err = p, err
		if err == nil {
			s.current, s.starting = p, nil
		}
		close(st.done)
	}()
}

// retire takes note that p has crashed; it reports whether another may be
// started in its place.
func (s *Supervised) retire(p *Process) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != p { // another call has done so
		return !s.closed && (s.current != nil || s.starting != nil)
	}
	if s.closed || s.relaunches == mostRelaunches {
		return false
	}
	s.relaunches++
	s.current = nil
	return true
}

// call makes a call, and makes it again on a new process when the one that it
// was made on has crashed.
func (s *Supervised) call(ctx context.Context, work func(sdk.Orchestrator) error) error {
	for {
		p, err := s.process(ctx)
		if err != nil {
			return err
		}
		err = work(p.Orchestrator())
		var f final
		if errors.As(err, &f) {
			return f.error
		}
		if crashed(err) {
			s.mu.Lock()
			s.crash = err
			s.mu.Unlock()
		}
		if !crashed(err) || ctx.Err() != nil || !s.retire(p) {
			return err
		}
		p.Kill() // frees what the host holds of it
	}
}

// Crash is how the plugin's process last ended by itself, or nil. A platform
// that lives in that process has lost what it ran, though calls go on.
func (s *Supervised) Crash() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.crash
}

// final is an error after which a call is not made again.
type final struct{ error }

func crashed(err error) bool {
	var crash *CrashError
	return errors.As(err, &crash)
}

// Close ends the process.
func (s *Supervised) Close(ctx context.Context) {
	s.mu.Lock()
	s.closed = true
	p, st := s.current, s.starting
	s.mu.Unlock()
	if st != nil {
		st.cancel()
		<-st.done // a cancelled launch returns at once
		p = st.result
	}
	if p != nil {
		p.Close(ctx)
	}
}
