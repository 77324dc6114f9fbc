package engine

import "github.com/stackrun/stack/sdk"

// Changes and logs come over two streams, and either may be ahead. Here they
// are put into the order in which they happened: a step runs before it writes,
// and the run's end comes after all that was written.

// mostEarly is how many lines wait for their step to run; where a platform is
// slow to say so, they are not kept back without end.
const mostEarly = 1000

// tell passes an event on when its turn has come. The lock is held.
func (f *follower) tell(e Event) {
	switch {
	case e.Type == Log && !f.runs(e):
		f.early = append(f.early, e)
		if len(f.early) > mostEarly {
			f.release(func(Event) bool { return true })
		}
	case e.Type == RunStatus && sdk.State(e.To).Final():
		f.end = &e
	default:
		f.sink(e)
		if e.Type == StepStatus {
			f.release(f.runs)
		}
	}
}

// runs reports whether the attempt that wrote a line is known to have begun.
func (f *follower) runs(line Event) bool {
	s := f.record.Step(line.Step)
	if s == nil || s.Attempt != line.Attempt {
		return s == nil || s.Attempt > line.Attempt
	}
	switch s.State {
	case sdk.StatePending, sdk.StateQueued, sdk.StateStarting:
		return false
	}
	return true
}

// release passes on the lines whose turn has come.
func (f *follower) release(turn func(Event) bool) {
	var later []Event
	for _, line := range f.early {
		if turn(line) {
			f.sink(line)
		} else {
			later = append(later, line)
		}
	}
	f.early = later
}

// finish passes on what is left.
func (f *follower) finish() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.release(func(Event) bool { return true })
	if f.end != nil {
		f.sink(*f.end)
		f.end = nil
	}
}
