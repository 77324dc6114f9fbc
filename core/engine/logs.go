package engine

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/stackrun/stack/sdk"
)

// logs tells every line that the run's steps write, until ctx or the run ends.
func (f *follower) logs(ctx context.Context) {
	lines := lineSplitter{}
	tell := func(c sdk.LogChunk, line string) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.tell(Event{Time: c.Time, Type: Log, Run: f.id, Step: c.Step, Attempt: c.Attempt, Message: line})
	}
	var resume []byte
	for {
		req := sdk.LogsRequest{RunID: f.id, Handle: f.handle, Follow: true, Resume: resume}
		err := f.orchestrator.Logs(ctx, req, func(c sdk.LogChunk) error {
			resume = c.Resume
			lines.add(c, tell)
			return nil
		})
		if err == nil || ctx.Err() != nil || !retryable(err) {
			lines.flush(tell)
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// longestLine is where a line without an end is cut, so that a step that
// writes a gigabyte without a newline does not fill our memory.
const longestLine = 1 << 20

// lineSplitter makes lines of chunks, for each stream of each attempt apart.
type lineSplitter map[string]*partial

type partial struct {
	chunk sdk.LogChunk // the last one, for its names and time
	text  []byte
}

func (s lineSplitter) add(c sdk.LogChunk, tell func(sdk.LogChunk, string)) {
	key := fmt.Sprintf("%s\x00%d\x00%d\x00%t", c.Step, c.Attempt, c.Node, c.Stderr)
	p := s[key]
	if p == nil {
		p = &partial{}
		s[key] = p
	}
	if c.Gap != "" {
		tell(c, "[output lost: "+c.Gap+"]")
	}
	p.chunk = c
	p.text = append(p.text, c.Data...)
	for {
		end := bytes.IndexByte(p.text, '\n')
		if end < 0 && len(p.text) < longestLine {
			return
		}
		if end < 0 {
			tell(c, string(p.text))
			p.text = nil
			return
		}
		tell(c, strings.TrimSuffix(string(p.text[:end]), "\r"))
		p.text = p.text[end+1:]
	}
}

// flush tells what is left without an end of line.
func (s lineSplitter) flush(tell func(sdk.LogChunk, string)) {
	for _, p := range s {
		if len(p.text) > 0 {
			tell(p.chunk, string(p.text))
			p.text = nil
		}
	}
}
