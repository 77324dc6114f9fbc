package driver

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/sdk"
)

// writer has the fake write what a test wants, step by step.
func writer(write func(a Attempt)) func(Attempt, *fakeProcess) {
	return func(a Attempt, p *fakeProcess) {
		write(a)
		p.end(Exit{}, nil)
	}
}

func gather(t *testing.T, d *Driver, req sdk.LogsRequest) []sdk.LogChunk {
	t.Helper()
	var chunks []sdk.LogChunk
	if err := d.Logs(t.Context(), req, func(c sdk.LogChunk) error { chunks = append(chunks, c); return nil }); err != nil {
		t.Fatal(err)
	}
	return chunks
}

func text(chunks []sdk.LogChunk) string {
	var b strings.Builder
	for _, c := range chunks {
		b.Write(c.Data)
	}
	return b.String()
}

func TestBytesArriveAsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		odd := []byte("\x00\xff\xfe{\"a\":1}\r\n\n")
		large := bytes.Repeat([]byte("0123456789abcdef"), 20000) // more than one frame
		b := newBench(t, Options{})
		b.act = writer(func(a Attempt) {
			_, _ = a.Stdout.Write(odd)
			_, _ = a.Stderr.Write([]byte("oops"))
			_, _ = a.Stdout.Write(large)
		})
		b.run(flow(step("train[x=a/b]", do("any"))))
		<-b.Driver.running("run-1").done
		chunks := gather(t, b.another().Driver, sdk.LogsRequest{RunID: "run-1", Step: "train[x=a/b]"})
		var out, errs []byte
		for _, c := range chunks {
			if c.Time.IsZero() || c.Attempt != 1 || c.Step != "train[x=a/b]" {
				t.Errorf("a chunk is told as %+v", c)
			}
			if c.Stderr {
				errs = append(errs, c.Data...)
			} else {
				out = append(out, c.Data...)
			}
		}
		if !bytes.Equal(out, append(odd, large...)) || string(errs) != "oops" {
			t.Errorf("%d bytes and %q arrive", len(out), errs)
		}
	})
}

func TestLogsResumeAnywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		b.act = writer(func(a Attempt) {
			for i := range 5 {
				fmt.Fprintf(a.Stdout, "%s %d\n", a.Step.Name, i)
				time.Sleep(time.Second)
			}
		})
		b.run(flow(step("a", do("any")), step("b", do("any"))))
		<-b.Driver.running("run-1").done
		for _, name := range []string{"a", ""} {
			all := gather(t, b.Driver, sdk.LogsRequest{RunID: "run-1", Step: name})
			if want := map[string]int{"a": 5, "": 10}[name]; len(all) != want {
				t.Fatalf("step %q: %d chunks, want %d", name, len(all), want)
			}
			for i, c := range all {
				rest := gather(t, b.Driver, sdk.LogsRequest{RunID: "run-1", Step: name, Resume: c.Resume})
				if diff := cmp.Diff(text(all[i+1:]), text(rest)); diff != "" {
					t.Errorf("step %q after chunk %d (-want +got):\n%s", name, i, diff)
				}
			}
			for i := 1; i < len(all); i++ {
				if all[i].Time.Before(all[i-1].Time) {
					t.Errorf("step %q: chunk %d is older than the one before", name, i)
				}
			}
		}
		if err := b.Logs(t.Context(), sdk.LogsRequest{RunID: "run-1", Resume: []byte("junk")}, nil); err == nil {
			t.Error("a token that is none is taken")
		}
		if err := b.Logs(t.Context(), sdk.LogsRequest{RunID: "run-1", Step: "nobody"}, nil); err == nil {
			t.Error("a step that is none is taken")
		}
	})
}

func TestTail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		b.act = writer(func(a Attempt) {
			for _, piece := range strings.Split(a.Step.Command[1], "|") {
				_, _ = a.Stdout.Write([]byte(piece))
			}
		})
		tests := []struct {
			pieces string
			tail   int
			want   string
		}{
			{"one\ntwo\nthree\n", 2, "two\nthree\n"},
			{"one\ntwo\nthree", 2, "two\nthree"},
			{"o|ne\ntw|o\nth|ree\n", 1, "three\n"},
			{"o|ne\ntw|o\nth|ree\n", 2, "two\nthree\n"},
			{"o|ne\ntw|o\nth|ree\n", 3, "one\ntwo\nthree\n"},
			{"one\n|two\n|three\n", 1, "three\n"},
			{"one\n|two\n|three\n", 9, "one\ntwo\nthree\n"},
			{"one\n|\n|\n", 2, "\n\n"},
			{"no end", 1, "no end"},
			{"", 3, ""},
		}
		var steps []sdk.Step
		for i, tt := range tests {
			steps = append(steps, step(fmt.Sprintf("s%d", i), do("any", tt.pieces)))
		}
		b.run(flow(steps...))
		<-b.Driver.running("run-1").done
		for i, tt := range tests {
			got := text(gather(t, b.Driver, sdk.LogsRequest{RunID: "run-1", Step: fmt.Sprintf("s%d", i), Tail: tt.tail}))
			if got != tt.want {
				t.Errorf("the last %d lines of %q are %q, want %q", tt.tail, tt.pieces, got, tt.want)
			}
		}
	})
}

func TestFollowGoesOnToLaterAttempts(t *testing.T) {
	for _, where := range []string{"this process", "another"} {
		t.Run(where, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{})
				b.act = func(a Attempt, p *fakeProcess) {
					fmt.Fprintf(a.Stdout, "attempt %d begins\n", a.Number)
					time.Sleep(time.Minute)
					fmt.Fprintf(a.Stdout, "attempt %d ends\n", a.Number)
					p.end(Exit{Code: 3 - a.Number}, nil)
				}
				if _, err := b.Submit(t.Context(), flow(retry(step("a", do("any")), 2, time.Second), step("b", do("any"), "a"))); err != nil {
					t.Fatal(err)
				}
				reader := b.Driver
				if where == "another" {
					reader = b.another().Driver
				}
				want := ""
				for i := 1; i <= 3; i++ {
					want += fmt.Sprintf("attempt %d begins\nattempt %d ends\n", i, i)
				}
				if got := text(gather(t, reader, sdk.LogsRequest{RunID: "run-1", Step: "a", Follow: true})); got != want {
					t.Errorf("step a wrote %q, want %q", got, want)
				}
				if got := text(gather(t, reader, sdk.LogsRequest{RunID: "run-1", Step: "a", Attempt: 2})); got != "attempt 2 begins\nattempt 2 ends\n" {
					t.Errorf("attempt 2 wrote %q", got)
				}
				all := text(gather(t, reader, sdk.LogsRequest{RunID: "run-1", Follow: true}))
				if want += "attempt 1 begins\nattempt 1 ends\n"; all != want { // step b
					t.Errorf("all wrote %q, want %q", all, want)
				}
				<-b.Driver.running("run-1").done
			})
		})
	}
}

func TestSafeName(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{
		"train", "train[lr=0.1]", "train[lr=0.01]", "train-lr-0.1", "a/b", "a b", "", ".", "..", "-", "ü", "Ü",
		strings.Repeat("x", 40), strings.Repeat("x", 41), strings.Repeat("x", 42), "x[v=A]", "x[v=a]",
	} {
		safe := SafeName(name)
		if len(safe) > longestName || safe == "" || safe == "." || safe == ".." || strings.ContainsAny(safe, "/[]= ") || filepath.Base(safe) != safe {
			t.Errorf("%q becomes %q", name, safe)
		}
		if other, twice := seen[strings.ToLower(safe)]; twice {
			t.Errorf("%q and %q both become %q", name, other, safe)
		}
		seen[strings.ToLower(safe)] = name
	}
	if got := SafeName("train_2-b.c"); got != "train_2-b.c" {
		t.Errorf("a plain name becomes %q", got)
	}
}

// FuzzFrames reads a log that may hold anything.
func FuzzFrames(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 'x'})
	f.Add([]byte{1, 0, 0, 0, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, data []byte) {
		file := bytes.NewReader(data)
		for offset := int64(0); ; {
			frame, err := readFrame(file, offset)
			if err != nil {
				return
			}
			if frame.end <= offset || frame.end > int64(len(data)) {
				t.Fatalf("a frame at %d of %d ends at %d", offset, len(data), frame.end)
			}
			offset = frame.end
		}
	})
}

// FuzzJournal reads a journal that may hold anything, in two pieces.
func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"run":"r","flow":"f","steps":["a"]}`+"\n"+`{"step":"a","state":"running"}`+"\n"), 20)
	f.Add([]byte("{}\n"), 1)
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		path := filepath.Join(t.TempDir(), "journal.jsonl")
		read := func(data []byte, r *journalReader) (int, error) {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			events, err := r.next()
			return len(events), err
		}
		whole := journalReader{path: path}
		want, err := read(data, &whole)
		if err != nil {
			return
		}
		cut = max(0, min(cut, len(data)))
		grown := journalReader{path: path}
		first, err := read(data[:cut], &grown)
		if err != nil {
			t.Fatalf("the first %d bytes cannot be read: %v", cut, err)
		}
		second, err := read(data, &grown)
		if err != nil || first+second != want || grown.offset != whole.offset {
			t.Fatalf("read in two pieces: %d and %d events rather than %d (%v)", first, second, want, err)
		}
	})
}
