//go:build e2e

package e2e_test

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// psRun is a run as `stack ps -o json` prints it.
type psRun struct {
	Run    string `json:"run"`
	Flow   string `json:"flow"`
	Stack  string `json:"stack"`
	State  string `json:"state"`
	Reason string `json:"reason"`
	Steps  []struct {
		Name     string `json:"name"`
		State    string `json:"state"`
		Reason   string `json:"reason"`
		ExitCode *int   `json:"exit_code"`
		Attempt  int    `json:"attempt"`
	} `json:"steps"`
}

func (r psRun) final() bool {
	return r.State == "succeeded" || r.State == "failed" || r.State == "cancelled"
}

// ps is what `stack ps` says now.
func (p *project) ps() []psRun {
	p.t.Helper()
	r := p.must(0, "ps", "-o", "json")
	var runs []psRun
	if err := json.Unmarshal([]byte(r.stdout), &runs); err != nil {
		p.t.Fatalf("ps prints no array of runs: %v\n%s", err, r)
	}
	return runs
}

// onlyRun is the one run of the project.
func (p *project) onlyRun() psRun {
	p.t.Helper()
	runs := p.ps()
	if len(runs) != 1 {
		p.t.Fatalf("there are %d runs, want 1: %+v", len(runs), runs)
	}
	return runs[0]
}

// explained fails the test unless `stack ps` says that the project's one run
// has ended, and how and why. It gives the run.
func (p *project) explained(states, reasons []string) psRun {
	p.t.Helper()
	var last psRun
	ok := eventually(5*time.Second, func() bool {
		last = p.onlyRun()
		return last.final()
	})
	if !ok || !oneOf(states, last.State) || !oneOf(reasons, last.Reason) {
		p.t.Errorf("ps says state %q, reason %q; want %v, %v\n%+v", last.State, last.Reason, states, reasons, last)
	}
	for _, s := range last.Steps {
		if s.State == "running" || s.State == "starting" || s.State == "queued" {
			p.t.Errorf("the run has ended, but step %s is %s", s.Name, s.State)
		}
	}
	return last
}

func oneOf(all []string, s string) bool {
	for _, one := range all {
		if one == s {
			return true
		}
	}
	return false
}

// planImage is an image of a plan, as plan, build and run print it.
type planImage struct {
	Key       string   `json:"key"`
	Reference string   `json:"reference"`
	Digest    *string  `json:"digest"`
	Action    string   `json:"action"`
	Reasons   []string `json:"reasons"`
}

// images is what a command prints about images with -o json.
func images(t *testing.T, r result) []planImage {
	t.Helper()
	var out struct {
		Images []planImage `json:"images"`
	}
	// `build -o json` prints its events before; the images are in the last value.
	for values := json.NewDecoder(strings.NewReader(r.stdout)); ; {
		err := values.Decode(&out)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("standard output is not JSON: %v\n%s", err, r)
		}
	}
	if len(out.Images) == 0 {
		t.Fatalf("no images in the output:\n%s", r)
	}
	return out.Images
}
