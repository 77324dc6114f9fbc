package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// world is where a case works.
type world struct {
	bin, dir string
	environ  []string
}

// once is one measured run; it gives the time that counts.
type once func() (time.Duration, error)

// measure runs f and other, which may be nil, once each to warm caches and then
// n times in turn. The times are sorted.
func measure(f, other once, n int) (times, others []time.Duration, err error) {
	for i := range n + 1 {
		for _, m := range []struct {
			run  once
			into *[]time.Duration
		}{{f, &times}, {other, &others}} {
			if m.run == nil {
				continue
			}
			d, err := m.run()
			if err != nil {
				return nil, nil, err
			}
			if i > 0 {
				*m.into = append(*m.into, d)
			}
		}
	}
	slices.Sort(times)
	slices.Sort(others)
	return times, others, nil
}

// command measures a command that is not ours.
func (w world) command(dir, script string) once {
	return func() (time.Duration, error) {
		cmd := exec.Command("/bin/sh", "-ec", script)
		cmd.Dir, cmd.Env = dir, w.environ
		begun := time.Now()
		out, err := cmd.CombinedOutput()
		took := time.Since(begun)
		if err != nil {
			return 0, fmt.Errorf("%s: %w\n%s", script, err, out)
		}
		return took, nil
	}
}

// process measures a whole process, from before it is started to after its end.
func (w world) process(dir string, args ...string) once {
	return func() (time.Duration, error) {
		cmd := exec.Command(filepath.Join(w.bin, "stack"), args...)
		cmd.Dir, cmd.Env = dir, w.environ
		begun := time.Now()
		out, err := cmd.CombinedOutput()
		took := time.Since(begun)
		if err != nil {
			return 0, fmt.Errorf("stack %v: %w\n%s", args, err, out)
		}
		return took, nil
	}
}

// untilSubmitted measures from the start of `stack run` to the event that says
// that the platform has the run.
func (w world) untilSubmitted(dir string, args ...string) once {
	return func() (time.Duration, error) {
		cmd := exec.Command(filepath.Join(w.bin, "stack"), append(args, "-o", "json")...)
		cmd.Dir, cmd.Env = dir, w.environ
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			return 0, err
		}
		begun := time.Now()
		if err := cmd.Start(); err != nil {
			return 0, err
		}
		var took time.Duration
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var e struct{ Type string }
			if json.Unmarshal(lines.Bytes(), &e) == nil && e.Type == "run.status" && took == 0 {
				took = time.Since(begun)
			}
		}
		if err := cmd.Wait(); err != nil {
			return 0, fmt.Errorf("stack %v: %w\n%s", args, err, stderr.Bytes())
		}
		if took == 0 {
			return 0, fmt.Errorf("stack %v: no run.status in its events\n%s", args, stderr.Bytes())
		}
		return took, nil
	}
}
