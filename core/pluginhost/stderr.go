package pluginhost

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"sort"
	"strings"
	"sync"
)

// stderrLog takes what a plugin writes to its standard error: lines of JSON
// become records of the host's log, and the last of the others are kept, for
// they are what the runtime of a language says when a program dies.
type stderrLog struct {
	log *slog.Logger

	mu      sync.Mutex
	partial []byte
	lines   []string // that are no log records
}

const (
	keptLines   = 400
	longestLine = 64 << 10
)

// Write takes any part of the stream.
func (s *stderrLog) Write(data []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.partial = append(s.partial, data...)
	for {
		end := bytes.IndexByte(s.partial, '\n')
		if end < 0 && len(s.partial) > longestLine {
			end = longestLine
		}
		if end < 0 {
			return len(data), nil
		}
		s.line(string(s.partial[:end]))
		s.partial = append(s.partial[:0], s.partial[min(end+1, len(s.partial)):]...)
	}
}

func (s *stderrLog) line(line string) {
	if s.record(line) {
		return
	}
	if s.log != nil {
		s.log.Warn(line)
	}
	if len(s.lines) == keptLines { // the beginning of a panic is what counts
		if i := panicStart(s.lines); i >= 0 && i < keptLines/2 {
			return
		}
		s.lines = append(s.lines[:0], s.lines[1:]...)
	}
	s.lines = append(s.lines, line)
}

// record logs the line if it is a log record as go-plugin defines them.
func (s *stderrLog) record(line string) bool {
	if !strings.HasPrefix(line, "{") {
		return false
	}
	var fields map[string]any
	if json.Unmarshal([]byte(line), &fields) != nil {
		return false
	}
	message, isRecord := fields["@message"].(string)
	if !isRecord {
		return false
	}
	if s.log == nil {
		return true
	}
	word, _ := fields["@level"].(string)
	level := map[string]slog.Level{"warn": slog.LevelWarn, "error": slog.LevelError, "info": slog.LevelInfo}[word]
	if word == "trace" || word == "debug" {
		level = slog.LevelDebug
	}
	var attrs []slog.Attr
	for name, value := range fields {
		if !strings.HasPrefix(name, "@") {
			attrs = append(attrs, slog.Any(name, value))
		}
	}
	sort.Slice(attrs, func(i, j int) bool { return attrs[i].Key < attrs[j].Key })
	s.log.LogAttrs(context.Background(), level, message, attrs...)
	return true
}

// lastWords is what explains a death: the panic from its first line where there
// is one, else the last lines.
func (s *stderrLog) lastWords() (text string, isPanic bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.partial) > 0 {
		s.line(string(s.partial))
		s.partial = nil
	}
	if start := panicStart(s.lines); start >= 0 {
		return shorten(s.lines[start:], 40), true
	}
	return strings.Join(s.lines[max(0, len(s.lines)-10):], "\n"), false
}

func panicStart(lines []string) int {
	for i, line := range lines {
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") ||
			strings.HasPrefix(line, "runtime: ") || strings.HasPrefix(line, "Traceback (most recent call last)") {
			return i
		}
	}
	return -1
}

// shorten keeps the first lines, and says how many follow.
func shorten(lines []string, most int) string {
	if len(lines) <= most {
		return strings.TrimSpace(strings.Join(lines, "\n"))
	}
	return strings.TrimSpace(strings.Join(lines[:most], "\n")) + "\n…"
}
