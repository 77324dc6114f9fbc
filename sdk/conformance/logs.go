package conformance

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stackrun/stack/sdk"
)

func testLogs(t *testing.T, f Factory) {
	t.Run("bytes", func(t *testing.T) {
		s := open(t, f)
		w := s.workflow(s.script("train", `printf '\377\376\000\001bin\200ary\r\nno newline at the end'; printf 'to stderr\n' >&2`))
		submission := s.submit(w)
		s.watch(w, submission)
		if out := s.output(w, submission, "train"); out != "\xff\xfe\x00\x01bin\x80ary\r\nno newline at the end" {
			t.Errorf("standard output is %q", out)
		}
		chunks := s.logs(w, submission, sdk.LogsRequest{Step: "train"})
		if err := join(chunks, true); err != "to stderr\n" {
			t.Errorf("standard error is %q", err)
		}
		for _, c := range chunks {
			if c.Step != "train" || c.Attempt != 1 {
				t.Errorf("a chunk is of step %q, attempt %d", c.Step, c.Attempt)
			}
		}
	})

	s := open(t, f)
	w := s.workflow(
		s.script("count", "i=1; while [ $i -le 2000 ]; do echo line $i; i=$((i+1)); done"),
		s.script("slow", "for i in 1 2 3 4 5; do echo tick $i; sleep 0.2; done"))
	submission := s.submit(w)
	t.Run("follow ends with the step", func(t *testing.T) {
		s.t = t
		if out := join(s.logs(w, submission, sdk.LogsRequest{Step: "slow", Follow: true}), false); out != "tick 1\ntick 2\ntick 3\ntick 4\ntick 5\n" {
			t.Errorf("following gives %q", out)
		}
	})
	s.t = t
	s.watch(w, submission)

	var whole strings.Builder
	for i := 1; i <= 2000; i++ {
		whole.WriteString("line " + strconv.Itoa(i) + "\n")
	}
	t.Run("resume", func(t *testing.T) {
		s.t = t
		chunks := s.logs(w, submission, sdk.LogsRequest{Step: "count"})
		if join(chunks, false) != whole.String() {
			t.Fatalf("the log is not what was written: %d bytes", len(join(chunks, false)))
		}
		for _, i := range []int{0, len(chunks) / 2, len(chunks) - 1} {
			if len(chunks[i].Resume) == 0 {
				t.Fatalf("chunk %d of %d has no resume token", i, len(chunks))
			}
			before := join(chunks[:i+1], false)
			after := join(s.logs(w, submission, sdk.LogsRequest{Step: "count", Resume: chunks[i].Resume}), false)
			if before+after != whole.String() {
				t.Errorf("after chunk %d of %d, %d bytes follow where %d should", i, len(chunks), len(after), whole.Len()-len(before))
			}
		}
	})
	t.Run("tail", func(t *testing.T) {
		s.t = t
		out := join(s.logs(w, submission, sdk.LogsRequest{Step: "count", Tail: 3}), false)
		if out != "line 1998\nline 1999\nline 2000\n" {
			t.Errorf("the last three lines are %q", out)
		}
	})
	t.Run("all steps", func(t *testing.T) {
		s.t = t
		by := map[string]string{}
		for _, c := range s.logs(w, submission, sdk.LogsRequest{Follow: true}) {
			by[c.Step] += string(c.Data)
		}
		if by["count"] != whole.String() || !strings.HasSuffix(by["slow"], "tick 5\n") || len(by) != 2 {
			t.Errorf("steps %d, count %d bytes, slow %q", len(by), len(by["count"]), by["slow"])
		}
	})
	t.Run("the caller can end it", func(t *testing.T) {
		s.t = t
		w := s.workflow(s.script("train", "echo started; sleep 3"))
		submission := s.submit(w)
		ctx, cancel := context.WithCancel(s.ctx)
		var begin time.Time
		err := s.o.Logs(ctx, sdk.LogsRequest{RunID: w.RunID, Handle: submission.Handle, Step: "train", Follow: true}, func(sdk.LogChunk) error {
			begin = time.Now()
			cancel()
			return nil
		})
		cancel()
		if !errors.Is(err, context.Canceled) || time.Since(begin) > 2*time.Second {
			t.Errorf("it ends with %v", err)
		}
		if state := s.watch(w, submission).last("").State; state != sdk.StateSucceeded {
			t.Errorf("the run ended %s", state)
		}
	})
}
