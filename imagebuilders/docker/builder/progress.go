package builder

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	bkclient "github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"

	"github.com/stackrun/stack/core/build"
)

// longestLine is how much of a line that does not end is kept together.
const longestLine = 64 << 10

// readingCache begins the name of the vertex that reads an entry of cache_from.
const readingCache = "importing cache manifest from "

// lastLines is how many lines of a failed instruction's log are told.
const lastLines = 30

// watcher turns what the engine says of a build into build.Progress, line by
// line and without secrets, and remembers what to say of a failure.
type watcher struct {
	report func(build.Progress)
	mask   *mask

	mu       sync.Mutex
	vertexes map[digest.Digest]*vertex
	failed   *vertex
	warnings []string
}

type vertex struct {
	name    string
	state   string
	partial [3][]byte // of a line; each stream of a program has its own
	lines   []string  // the last ones
}

func newWatcher(report func(build.Progress), mask *mask) *watcher {
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
			w.log(w.of(l.Vertex), l.Stream, l.Data, l.Timestamp)
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
	case seen.Error != "" && strings.HasPrefix(seen.Name, readingCache):
		state = "failed" // and the build goes on
		w.warn(fmt.Sprintf("cache_from %s was not used: %s", strings.TrimPrefix(v.name, readingCache), w.mask.Replace(seen.Error)))
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
	for stream, partial := range v.partial {
		if len(partial) > 0 && state != "started" {
			w.line(v, string(partial), at)
			v.partial[stream] = nil
		}
	}
	v.state = state
	w.send(v, state, v.name, 0, 0, at)
}

// warn remembers what to tell at the end, once.
func (w *watcher) warn(text string) {
	if !slices.Contains(w.warnings, text) {
		w.warnings = append(w.warnings, text)
	}
}

// log keeps what comes after the last newline until the rest is there, so that
// a secret that is written in two pieces is found too.
func (w *watcher) log(v *vertex, stream int, data []byte, at time.Time) {
	if stream < 0 || stream >= len(v.partial) {
		stream = 0
	}
	partial := append(v.partial[stream], data...)
	for {
		i := bytes.IndexByte(partial, '\n')
		if i < 0 {
			break
		}
		w.line(v, string(partial[:i]), at)
		partial = partial[i+1:]
	}
	if len(partial) > longestLine {
		if i := w.mask.cut(partial); i > 0 {
			w.line(v, string(partial[:i]), at)
			partial = partial[i:]
		}
	}
	v.partial[stream] = partial
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
	for _, partial := range w.failed.partial {
		if len(partial) > 0 {
			lines = append(append([]string(nil), lines...), w.mask.Replace(string(partial)))
		}
	}
	return w.failed.name, lines
}

// warned is what to tell of a build that succeeded.
func (w *watcher) warned() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.warnings
}
