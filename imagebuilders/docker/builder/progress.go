package builder

import (
	"bytes"
	"strings"
	"sync"
	"time"

	bkclient "github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"

	"github.com/stackrun/stack/core/build"
)

// lastLines is how many lines of a failed instruction's log are told.
const lastLines = 30

// watcher turns what the engine says of a build into build.Progress, line by
// line and without secrets, and remembers what to say of a failure.
type watcher struct {
	report func(build.Progress)
	mask   *strings.Replacer

	mu       sync.Mutex
	vertexes map[digest.Digest]*vertex
	failed   *vertex
}

type vertex struct {
	name    string
	state   string
	partial []byte   // of a line
	lines   []string // the last ones
}

func newWatcher(report func(build.Progress), mask *strings.Replacer) *watcher {
	return &watcher{report: report, mask: mask, vertexes: map[digest.Digest]*vertex{}}
}

// take reads statuses until the channel is closed.
func (w *watcher) take(statuses <-chan *bkclient.SolveStatus) {
	for s := range statuses {
		w.mu.Lock()
		for _, v := range s.Vertexes {
			w.vertex(v)
		}
		for _, v := range s.Statuses {
			w.send(w.of(v.Vertex), "running", w.mask.Replace(v.ID), v.Current, v.Total, v.Timestamp)
		}
		for _, l := range s.Logs {
			w.log(w.of(l.Vertex), l.Data, l.Timestamp)
		}
		w.mu.Unlock()
	}
}

func (w *watcher) of(id digest.Digest) *vertex {
	v := w.vertexes[id]
	if v == nil {
		v = &vertex{}
		w.vertexes[id] = v
	}
	return v
}

func (w *watcher) vertex(seen *bkclient.Vertex) {
	v := w.of(seen.Digest)
	v.name = w.mask.Replace(seen.Name)
	state, at := "", time.Now()
	switch {
	case seen.Error != "" && strings.Contains(seen.Error, "context canceled"):
		state = "done" // stopped because of another, or by the user
	case seen.Error != "":
		state = "failed"
		w.failed = v
	case seen.Completed != nil && seen.Cached:
		state = "cached"
	case seen.Completed != nil:
		state, at = "done", *seen.Completed
	case seen.Started != nil:
		state, at = "started", *seen.Started
	}
	if state == "" || state == v.state {
		return
	}
	if len(v.partial) > 0 && state != "started" {
		w.line(v, string(v.partial), at)
		v.partial = nil
	}
	v.state = state
	w.send(v, state, v.name, 0, 0, at)
}

// log keeps what comes after the last newline until the rest is there, so that
// a secret that is written in two pieces is found too.
func (w *watcher) log(v *vertex, data []byte, at time.Time) {
	v.partial = append(v.partial, data...)
	for {
		i := bytes.IndexByte(v.partial, '\n')
		if i < 0 {
			if len(v.partial) > 64<<10 { // a line without end
				w.line(v, string(v.partial), at)
				v.partial = nil
			}
			return
		}
		w.line(v, string(v.partial[:i]), at)
		v.partial = v.partial[i+1:]
	}
}

func (w *watcher) line(v *vertex, text string, at time.Time) {
	text = w.mask.Replace(strings.TrimRight(text, "\r"))
	v.lines = append(v.lines, text)
	if len(v.lines) > lastLines {
		v.lines = v.lines[1:]
	}
	w.send(v, "running", text, 0, 0, at)
}

func (w *watcher) send(v *vertex, state, message string, current, total int64, at time.Time) {
	if w.report != nil {
		w.report(build.Progress{Vertex: v.name, State: state, Message: message, Current: current, Total: total, Time: at})
	}
}

// failure is the instruction that failed and the end of its log.
func (w *watcher) failure() (name string, lines []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed == nil {
		return "", nil
	}
	lines = w.failed.lines
	if len(w.failed.partial) > 0 {
		lines = append(append([]string(nil), lines...), w.mask.Replace(string(w.failed.partial)))
	}
	return w.failed.name, lines
}
