package conformance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stackrun/stack/sdk"
)

// session is a configured orchestrator and a place for its runs.
type session struct {
	t     *testing.T
	f     Factory
	ctx   context.Context
	o     sdk.Orchestrator
	info  sdk.Info
	state string // StateDir
	root  string // SourceRoot
	store string // ArtifactStore
	runs  atomic.Int64
}

// open makes a session in folders of its own.
func open(t *testing.T, f Factory) *session {
	t.Helper()
	return openIn(t, f, t.TempDir())
}

// openIn makes a session in a folder that another session may have used.
func openIn(t *testing.T, f Factory, dir string) *session {
	t.Helper()
	s := &session{t: t, f: f, state: filepath.Join(dir, "state"), root: filepath.Join(dir, "source"), store: f.ArtifactStore}
	for _, folder := range []string{s.state, s.root, filepath.Join(dir, "store")} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if s.store == "" {
		s.store = "file://" + filepath.Join(dir, "store")
	}
	s.connect()
	return s
}

// connect opens the orchestrator and configures it, as each host does.
func (s *session) connect() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*s.f.Patience)
	s.t.Cleanup(cancel)
	s.ctx = ctx
	s.o = s.f.Open(s.t)
	info, err := s.o.Handshake(ctx, sdk.Host{Version: "conformance"})
	if err != nil {
		s.t.Fatalf("Handshake: %v", err)
	}
	s.info = info
	configuration := sdk.Configuration{Stack: s.f.Stack, StateDir: s.state, ArtifactStore: s.store}
	if info.Has(sdk.CapHostEnvironment) {
		configuration.Environment = s.f.Environment
	}
	_, diags, err := s.o.Configure(ctx, configuration)
	if err != nil {
		s.t.Fatalf("Configure: %v", err)
	}
	s.refuseErrors("Configure", diags)
}

func (s *session) refuseErrors(call string, diags []sdk.Diagnostic) {
	s.t.Helper()
	for _, d := range diags {
		if d.Severity != sdk.SeverityWarning {
			s.t.Fatalf("%s refuses the suite's configuration: %+v", call, d)
		}
	}
}

// workflow is a flow of the steps, with a run id that nobody has used.
func (s *session) workflow(steps ...sdk.Step) sdk.Workflow {
	return sdk.Workflow{
		Flow:       "conformance",
		RunID:      fmt.Sprintf("conformance-%d-%d-%d", os.Getpid(), time.Now().UnixNano(), s.runs.Add(1)),
		Labels:     map[string]string{"suite": "conformance"},
		FailFast:   true,
		SourceRoot: s.root,
		Steps:      steps,
	}
}

// script is a step that runs a shell script.
func (s *session) script(name, script string, needs ...string) sdk.Step {
	return sdk.Step{
		Name:    name,
		Group:   name,
		Needs:   needs,
		When:    sdk.WhenSuccess,
		Image:   s.f.Image,
		Command: []string{"/bin/sh", "-ec", script},
		Nodes:   1,
	}
}

// submit plans as the host does, and submits.
func (s *session) submit(w sdk.Workflow) sdk.Submission {
	s.t.Helper()
	planned := w
	planned.RunID = ""
	plan, diags, err := s.o.Plan(s.ctx, planned, false)
	if err != nil {
		s.t.Fatalf("Plan: %v", err)
	}
	s.refuseErrors("Plan", diags)
	submission, err := s.o.Submit(s.ctx, w, plan.Private)
	if err != nil {
		s.t.Fatalf("Submit: %v", err)
	}
	return submission
}

// run submits and watches to the end.
func (s *session) run(w sdk.Workflow) *record {
	s.t.Helper()
	return s.watch(w, s.submit(w))
}

// watch gathers the events of a run until its end, and holds them against the
// rules that hold for every run.
func (s *session) watch(w sdk.Workflow, submission sdk.Submission) *record {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, s.f.Patience)
	defer cancel()
	r := &record{}
	err := s.o.Watch(ctx, sdk.WatchRequest{RunID: w.RunID, Handle: submission.Handle}, func(e sdk.Event) error {
		r.events = append(r.events, e)
		return nil
	})
	if err != nil {
		s.t.Fatalf("Watch: %v\nevents:\n%s", err, r)
	}
	for _, problem := range r.problems(w) {
		s.t.Errorf("events: %s", problem)
	}
	if s.t.Failed() {
		s.t.Logf("events:\n%s", r)
	}
	s.nothingRuns(w.RunID)
	return r
}

// watchUntil watches in the background until an event satisfies the condition,
// and returns once it has.
func (s *session) watchUntil(w sdk.Workflow, submission sdk.Submission, what string, condition func(sdk.Event) bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, s.f.Patience)
	defer cancel()
	seen := &record{}
	err := s.o.Watch(ctx, sdk.WatchRequest{RunID: w.RunID, Handle: submission.Handle}, func(e sdk.Event) error {
		seen.events = append(seen.events, e)
		if condition(e) {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		s.t.Fatalf("Watch ended before %s: %v\nevents:\n%s", what, err, seen)
	}
}

// running is the condition that a step runs.
func running(step string) func(sdk.Event) bool {
	return func(e sdk.Event) bool {
		return e.Kind == sdk.EventStep && e.Step == step && e.State == sdk.StateRunning
	}
}

// logs reads what a step wrote; "" reads all steps.
func (s *session) logs(w sdk.Workflow, submission sdk.Submission, request sdk.LogsRequest) []sdk.LogChunk {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, s.f.Patience)
	defer cancel()
	request.RunID, request.Handle = w.RunID, submission.Handle
	var chunks []sdk.LogChunk
	err := s.o.Logs(ctx, request, func(c sdk.LogChunk) error {
		c.Data = append([]byte(nil), c.Data...) // the plugin may use its buffer again
		chunks = append(chunks, c)
		return nil
	})
	if err != nil {
		s.t.Fatalf("Logs: %v", err)
	}
	return chunks
}

// untilLogged follows a step's log until it holds the text.
func (s *session) untilLogged(w sdk.Workflow, submission sdk.Submission, step, text string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, s.f.Patience)
	defer cancel()
	seen := ""
	request := sdk.LogsRequest{RunID: w.RunID, Handle: submission.Handle, Step: step, Follow: true}
	err := s.o.Logs(ctx, request, func(c sdk.LogChunk) error {
		if seen += string(c.Data); strings.Contains(seen, text) {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		s.t.Fatalf("the log of %s ended before %q: %q, %v", step, text, seen, err)
	}
}

// output is all that a step of a run that has ended wrote to its standard
// output.
func (s *session) output(w sdk.Workflow, submission sdk.Submission, step string) string {
	s.t.Helper()
	return join(s.logs(w, submission, sdk.LogsRequest{Step: step}), false)
}

func join(chunks []sdk.LogChunk, stderr bool) string {
	var b strings.Builder
	for _, c := range chunks {
		if c.Stderr == stderr {
			b.Write(c.Data)
		}
	}
	return b.String()
}

// nothingRuns waits a moment until nothing of the run is left on the platform.
func (s *session) nothingRuns(runID string) {
	s.t.Helper()
	if s.f.Running == nil {
		return
	}
	var left []string
	if !within(5*time.Second, func() bool { left = s.f.Running(s.t, runID); return len(left) == 0 }) {
		s.t.Errorf("left after the run: %v", left)
	}
}

// within waits for a condition.
func within(limit time.Duration, condition func() bool) bool {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(limit)
	for !condition() {
		select {
		case <-tick.C:
		case <-late:
			return condition()
		}
	}
	return true
}
