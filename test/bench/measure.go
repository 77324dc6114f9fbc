package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"sort"
	"time"
)

// world is where a case works.
type world struct {
	bin, dir string
	environ  []string
}

// once is one measured run; it gives the time that counts.
type once func() (time.Duration, error)

// measure runs once to warm caches and then n times. The times are sorted.
func measure(f once, n int) ([]time.Duration, error) {
	if _, err := f(); err != nil {
		return nil, err
	}
	var times []time.Duration
	for range n {
		d, err := f()
		if err != nil {
			return nil, err
		}
		times = append(times, d)
	}
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	return times, nil
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
