package driver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/stackrun/stack/sdk"
)

// token is where reading goes on: in a step's log an attempt and a byte, in a
// run's an entry of the file "order".
type token struct {
	Attempt int   `json:"a,omitempty"`
	Offset  int64 `json:"o,omitempty"`
	Entry   int64 `json:"e,omitempty"`
}

func (t token) bytes() []byte {
	data, err := json.Marshal(t)
	if err != nil {
		panic(err) // three numbers
	}
	return data
}

func parseToken(data []byte) (token, error) {
	var t token
	if len(data) == 0 {
		return t, nil
	}
	if err := json.Unmarshal(data, &t); err != nil || t.Attempt < 0 || t.Offset < 0 || t.Entry < 0 {
		return t, &sdk.Error{Origin: sdk.OriginUser, Message: fmt.Sprintf("%q is not a place in the logs", data)}
	}
	return t, nil
}

func orderPath(dir string) string { return filepath.Join(dir, "order") }

// Logs reads what steps wrote, as sdk.Orchestrator says. Attempt 0 with Follow
// goes on to the attempts that start later. Tail counts the lines of all that
// is read.
func (d *Driver) Logs(ctx context.Context, req sdk.LogsRequest, yield func(sdk.LogChunk) error) error {
	f, err := d.feed(req.RunID, req.Handle)
	if err != nil {
		return err
	}
	if _, err := f.next(); err != nil {
		return err
	}
	if req.Step != "" && !slices.Contains(f.header().Steps, req.Step) {
		return &sdk.Error{Origin: sdk.OriginUser, NotFound: true, Message: fmt.Sprintf("run %s has no step %s", f.runID, req.Step)}
	}
	from, err := parseToken(req.Resume)
	if err != nil {
		return err
	}
	s := f.source(req, from)
	defer s.close()
	tail := req.Tail
	if len(req.Resume) > 0 {
		tail = 0
	}
	if tail > 0 {
		chunks, err := lastLines(ctx, s, tail)
		if err != nil {
			return err
		}
		for _, c := range chunks {
			if err := yield(c); err != nil {
				return err
			}
		}
	}
	for {
		// Whether it has ended is asked before the last look at the files, so
		// that nothing comes between the two.
		changed := f.wait()
		if _, err := f.next(); err != nil {
			return err
		}
		ended := f.ended(req.Step)
		if err := drain(ctx, s, yield); err != nil {
			return err
		}
		if ended || !req.Follow {
			return nil
		}
		if err := f.sleep(ctx, changed); err != nil {
			return err
		}
	}
}

// source is where the logs of a request are read.
func (f *feed) source(req sdk.LogsRequest, from token) source {
	dir := filepath.Join(f.dir, "logs")
	if req.Step == "" {
		return &runSource{dir: dir, steps: f.header().Steps, entry: from.Entry}
	}
	s := &stepSource{dir: dir, step: req.Step, attempt: req.Attempt, only: req.Attempt > 0}
	if s.attempt == 0 {
		for s.attempt = 1; ; s.attempt++ {
			if _, err := os.Stat(logPath(dir, req.Step, s.attempt+1)); err != nil {
				break
			}
		}
	}
	if from.Attempt > 0 {
		s.attempt, s.offset = from.Attempt, from.Offset
	}
	return s
}

// drain yields all that is there now.
func drain(ctx context.Context, s source, yield func(sdk.LogChunk) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		c, err := s.next()
		if errors.Is(err, errNoFrame) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := yield(c); err != nil {
			return err
		}
	}
}

// lastLines reads all that is there and keeps the last n lines of it.
func lastLines(ctx context.Context, s source, n int) ([]sdk.LogChunk, error) {
	var kept []sdk.LogChunk
	lines := 0
	err := drain(ctx, s, func(c sdk.LogChunk) error {
		kept = append(kept, c)
		lines += bytes.Count(c.Data, []byte("\n"))
		for len(kept) > 1 {
			first := bytes.Count(kept[0].Data, []byte("\n"))
			if lines-first <= n { // one more than asked: the first may be cut
				break
			}
			lines -= first
			kept = kept[1:]
		}
		return nil
	})
	if err != nil || len(kept) == 0 {
		return nil, err
	}
	if last := kept[len(kept)-1].Data; len(last) > 0 && last[len(last)-1] != '\n' {
		lines++ // the last line has no end yet
	}
	for len(kept) > 0 && lines > n {
		end := bytes.IndexByte(kept[0].Data, '\n')
		if end < 0 || end == len(kept[0].Data)-1 {
			if end >= 0 {
				lines--
			}
			kept = kept[1:]
			continue
		}
		kept[0].Data = kept[0].Data[end+1:]
		lines--
	}
	return kept, nil
}
