package driver

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// A log file is a sequence of frames: a header of frameHeader bytes (format,
// stream, two spare bytes, length of the data, time in ns since 1970, all big
// endian) and the data as it was written. There is one file for each attempt,
// and the file "order" that says in which order the frames of all steps came:
// entries of orderEntry bytes (step number, attempt, offset of the frame).
const (
	frameHeader = 16
	frameFormat = 1
	orderEntry  = 16
	longestData = 64 << 10
)

// logs writes what the steps of a run write.
type logs struct {
	dir    string
	wrote  func()      // called after every frame
	failed func(error) // called when the disk does not take it

	mu    sync.Mutex
	order *os.File
}

func newLogs(dir string, wrote func(), failed func(error)) (*logs, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	order, err := os.OpenFile(filepath.Join(dir, "order"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	return &logs{dir: dir, wrote: wrote, failed: failed, order: order}, nil
}

func (l *logs) close() error { return l.order.Close() }

func logPath(dir, step string, attempt int) string {
	return filepath.Join(dir, fmt.Sprintf("%s.%d.log", SafeName(step), attempt))
}

// attemptLog is the log of one attempt.
type attemptLog struct {
	logs    *logs
	file    *os.File
	step    int
	attempt int
	offset  int64 // guarded by logs.mu, like broken
	broken  bool
}

func (l *logs) attempt(step int, name string, attempt int) (*attemptLog, error) {
	file, err := os.OpenFile(logPath(l.dir, name, attempt), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	return &attemptLog{logs: l, file: file, step: step, attempt: attempt}, nil
}

func (a *attemptLog) close() error { return a.file.Close() }

func (a *attemptLog) stream(stderr bool) io.Writer { return &logStream{log: a, stderr: stderr} }

type logStream struct {
	log    *attemptLog
	stderr bool
}

// Write never fails: a command is not to die of a broken pipe because the disk
// is full. The run ends instead.
func (s *logStream) Write(data []byte) (int, error) {
	for rest := data; len(rest) > 0; {
		n := min(len(rest), longestData)
		s.log.frame(s.stderr, rest[:n])
		rest = rest[n:]
	}
	return len(data), nil
}

func (a *attemptLog) frame(stderr bool, data []byte) {
	buf := make([]byte, frameHeader, frameHeader+len(data))
	buf[0] = frameFormat
	if stderr {
		buf[1] = 1
	}
	binary.BigEndian.PutUint32(buf[4:], uint32(len(data)))
	var entry [orderEntry]byte
	binary.BigEndian.PutUint32(entry[0:], uint32(a.step))
	binary.BigEndian.PutUint32(entry[4:], uint32(a.attempt))

	if err := a.write(append(buf, data...), entry[:]); err != nil {
		a.logs.failed(fmt.Errorf("keep what steps write: %w", err))
		return
	}
	a.logs.wrote()
}

func (a *attemptLog) write(frame, entry []byte) error {
	a.logs.mu.Lock()
	defer a.logs.mu.Unlock()
	if a.broken {
		return nil // told already
	}
	binary.BigEndian.PutUint64(frame[8:], uint64(time.Now().UnixNano()))
	binary.BigEndian.PutUint64(entry[8:], uint64(a.offset))
	n, err := a.file.Write(frame)
	if err == nil {
		a.offset += int64(n)
		_, err = a.logs.order.Write(entry)
	}
	a.broken = err != nil
	return err
}
