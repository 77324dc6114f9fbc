package driver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/stackrun/stack/sdk"
)

// header is the first line of a journal: what was submitted.
type header struct {
	RunID   string            `json:"run"`
	Flow    string            `json:"flow"`
	Labels  map[string]string `json:"labels,omitempty"`
	Created time.Time         `json:"created"`
	Steps   []string          `json:"steps"`
}

// line is a line of a journal after the first.
type line struct {
	Step    string     `json:"step,omitempty"` // empty: the run
	Attempt int        `json:"attempt,omitempty"`
	State   sdk.State  `json:"state"`
	Reason  sdk.Reason `json:"reason,omitempty"`
	Native  string     `json:"native,omitempty"`
	Message string     `json:"message,omitempty"`
	Time    time.Time  `json:"time"`
	Exit    *int       `json:"exit,omitempty"`
}

func lineOf(e sdk.Event) line {
	return line{Step: e.Step, Attempt: e.Attempt, State: e.State, Reason: e.Reason, Native: e.Native,
		Message: e.Message, Time: e.Time, Exit: e.Exit}
}

func (l line) event() sdk.Event {
	kind := sdk.EventStep
	if l.Step == "" {
		kind = sdk.EventRun
	}
	return sdk.Event{Kind: kind, Step: l.Step, Attempt: l.Attempt, State: l.State, Reason: l.Reason,
		Native: l.Native, Message: l.Message, Time: l.Time, Exit: l.Exit}
}

// journal is the file that a run's history is kept in, one JSON value a line.
// Only the run's owner writes it.
type journal struct{ file *os.File }

// openJournal opens a journal to append. What a crash left of a line at its
// end is cut off.
func openJournal(path string) (*journal, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(file)
	if err == nil {
		whole := int64(bytes.LastIndexByte(data, '\n') + 1)
		if err = file.Truncate(whole); err == nil {
			_, err = file.Seek(whole, io.SeekStart)
		}
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return &journal{file: file}, nil
}

// append writes values and returns when they are on the disk.
func (j *journal) append(values ...any) error {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	for _, v := range values {
		if err := encoder.Encode(v); err != nil {
			return fmt.Errorf("write %s: %w", j.file.Name(), err)
		}
	}
	if _, err := j.file.Write(buf.Bytes()); err != nil {
		return err // names the file
	}
	return j.file.Sync()
}

func (j *journal) close() error { return j.file.Close() }

// journalReader reads a journal that may grow.
type journalReader struct {
	path   string
	offset int64
	header *header
}

// next is what has been added since the last call. A line without its end is
// left for later. A journal that does not exist is an fs.ErrNotExist.
func (r *journalReader) next() ([]sdk.Event, error) {
	file, err := os.Open(r.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.NewSectionReader(file, r.offset, 1<<40))
	if err != nil {
		return nil, err
	}
	var events []sdk.Event
	for {
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			return events, nil
		}
		text := data[:end]
		data = data[end+1:]
		if r.header == nil {
			var h header
			if err := json.Unmarshal(text, &h); err != nil {
				return events, fmt.Errorf("%s is damaged in its first line: %w", r.path, err)
			}
			if h.RunID == "" {
				return events, errors.New(r.path + " is damaged in its first line: no run id")
			}
			r.header = &h
		} else {
			var l line
			if err := json.Unmarshal(text, &l); err != nil {
				return events, fmt.Errorf("%s is damaged at byte %d: %w", r.path, r.offset, err)
			}
			events = append(events, l.event())
		}
		r.offset += int64(end) + 1
	}
}
