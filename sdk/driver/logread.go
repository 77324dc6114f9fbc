package driver

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/stackrun/stack/sdk"
)

// frame is a piece of output as it lies in a file.
type frame struct {
	stderr bool
	time   time.Time
	data   []byte
	end    int64 // where the next frame starts
}

var errNoFrame = errors.New("no whole frame")

// readFrame reads the frame at offset. A frame that is not complete yet, and
// the end of the file, are errNoFrame.
func readFrame(file io.ReaderAt, offset int64) (frame, error) {
	var head [frameHeader]byte
	if _, err := file.ReadAt(head[:], offset); err != nil {
		return frame{}, incomplete(err)
	}
	length := binary.BigEndian.Uint32(head[4:])
	if head[0] != frameFormat || length > longestData {
		return frame{}, fmt.Errorf("log is damaged at byte %d", offset)
	}
	data := make([]byte, length)
	if _, err := file.ReadAt(data, offset+frameHeader); err != nil {
		return frame{}, incomplete(err)
	}
	return frame{
		stderr: head[1] == 1,
		time:   time.Unix(0, int64(binary.BigEndian.Uint64(head[8:]))),
		data:   data,
		end:    offset + frameHeader + int64(length),
	}, nil
}

func incomplete(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errNoFrame
	}
	return err
}

// source is a sequence of chunks that may grow.
type source interface {
	// next is the next chunk, or errNoFrame.
	next() (sdk.LogChunk, error)
	close()
}

// stepSource reads one step's attempts, from one on.
type stepSource struct {
	dir     string
	step    string
	attempt int
	only    bool // this attempt, not later ones
	offset  int64
	file    *os.File
}

func (s *stepSource) next() (sdk.LogChunk, error) {
	for {
		if s.file == nil {
			file, err := os.Open(logPath(s.dir, s.step, s.attempt))
			if errors.Is(err, os.ErrNotExist) {
				return sdk.LogChunk{}, errNoFrame
			}
			if err != nil {
				return sdk.LogChunk{}, err
			}
			s.file = file
		}
		f, err := readFrame(s.file, s.offset)
		if err == nil {
			s.offset = f.end
			return f.chunk(s.step, s.attempt, token{Attempt: s.attempt, Offset: s.offset}), nil
		}
		if !errors.Is(err, errNoFrame) || s.only {
			return sdk.LogChunk{}, err
		}
		// The next attempt's file is made only after this one is complete.
		if _, err := os.Stat(logPath(s.dir, s.step, s.attempt+1)); err != nil {
			return sdk.LogChunk{}, errNoFrame
		}
		if _, err := readFrame(s.file, s.offset); err == nil {
			continue // it came between the two looks
		}
		s.close()
		s.attempt, s.offset = s.attempt+1, 0
	}
}

func (s *stepSource) close() {
	if s.file != nil {
		s.file.Close()
		s.file = nil
	}
}

// runSource reads all steps in the order in which they wrote.
type runSource struct {
	dir    string
	steps  []string
	entry  int64 // number of the next entry of the file "order"
	order  *os.File
	opened map[string]*os.File
}

func (s *runSource) next() (sdk.LogChunk, error) {
	if s.order == nil {
		file, err := os.Open(orderPath(s.dir))
		if errors.Is(err, os.ErrNotExist) {
			return sdk.LogChunk{}, errNoFrame
		}
		if err != nil {
			return sdk.LogChunk{}, err
		}
		s.order, s.opened = file, map[string]*os.File{}
	}
	var entry [orderEntry]byte
	if _, err := s.order.ReadAt(entry[:], s.entry*orderEntry); err != nil {
		return sdk.LogChunk{}, incomplete(err)
	}
	number, attempt := int(binary.BigEndian.Uint32(entry[0:])), int(binary.BigEndian.Uint32(entry[4:]))
	if number >= len(s.steps) {
		return sdk.LogChunk{}, fmt.Errorf("%s is damaged: it names step %d of %d", s.order.Name(), number, len(s.steps))
	}
	file, err := s.open(logPath(s.dir, s.steps[number], attempt))
	if err != nil {
		return sdk.LogChunk{}, err
	}
	f, err := readFrame(file, int64(binary.BigEndian.Uint64(entry[8:])))
	if err != nil {
		return sdk.LogChunk{}, err
	}
	s.entry++
	return f.chunk(s.steps[number], attempt, token{Entry: s.entry}), nil
}

// mostOpen is how many log files are kept open while reading a whole run.
const mostOpen = 64

func (s *runSource) open(path string) (*os.File, error) {
	if file := s.opened[path]; file != nil {
		return file, nil
	}
	if len(s.opened) >= mostOpen {
		for other, file := range s.opened {
			file.Close()
			delete(s.opened, other)
		}
	}
	file, err := os.Open(path)
	if err == nil {
		s.opened[path] = file
	}
	return file, err
}

func (s *runSource) close() {
	if s.order != nil {
		s.order.Close()
	}
	for _, file := range s.opened {
		file.Close()
	}
}

func (f frame) chunk(step string, attempt int, t token) sdk.LogChunk {
	return sdk.LogChunk{Step: step, Attempt: attempt, Time: f.time, Stderr: f.stderr, Data: f.data, Resume: t.bytes()}
}
