package conformance

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stackrun/stack/sdk"
)

// hostVariable tells the test binary to play a host that will be killed; its
// value is the folder of the session.
const hostVariable = "STACK_CONFORMANCE_HOST"

// hosted is what the host tells the test.
type hosted struct {
	Workflow   sdk.Workflow
	Submission sdk.Submission
}

// playHost submits a long run, tells of it in the file "ready", and waits to be
// killed. Should the test die first, its end of standard input closes.
func playHost(t *testing.T, f Factory) {
	dir := os.Getenv(hostVariable)
	s := openIn(t, f, dir)
	w := s.workflow(s.script("train", "sleep 300 & sleep 300"), s.script("report", "true", "train"))
	told := hosted{Workflow: w, Submission: s.submit(w)}
	s.watchUntil(w, told.Submission, "the step ran", running("train"))
	data, err := json.Marshal(told)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ready.part"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "ready.part"), filepath.Join(dir, "ready")); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // its end is what is waited for
}

// testHostDeath kills a host in the middle of a run.
func testHostDeath(t *testing.T, f Factory, name string) {
	if f.InProcess {
		t.Skip("the plugin runs in the process of its host")
	}
	dir := t.TempDir()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	host := exec.Command(program, "-test.run="+pattern(name), "-test.count=1")
	host.Env = append(os.Environ(), hostVariable+"="+dir)
	var output strings.Builder
	host.Stdout, host.Stderr = &output, &output
	stdin, err := host.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stdin.Close() }()
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() { _ = host.Wait(); close(exited) }() // it is killed; how it ended says nothing
	defer func() { _ = host.Process.Kill() }()

	var told hosted
	ready := within(2*f.Patience, func() bool {
		data, err := os.ReadFile(filepath.Join(dir, "ready"))
		return err == nil && json.Unmarshal(data, &told) == nil || gone(exited)
	})
	if !ready || gone(exited) {
		t.Fatalf("the host did not get its run to run:\n%s", output.String())
	}
	plugins, children := descendants(host.Process.Pid)
	if len(plugins) == 0 {
		t.Skip("this system does not tell which processes the host has started")
	}
	if err := host.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-exited
	begin := time.Now()
	// Two seconds are what a plugin has on a machine that is not busy; a busy one
	// is no reason to fail, so what counts here is that it ends by itself.
	if !within(20*time.Second, func() bool { return !anyAlive(plugins) }) {
		t.Errorf("the plugin (%v) still runs after its host", plugins)
	}
	t.Logf("the plugin was gone %s after its host", time.Since(begin).Round(time.Millisecond))

	s := openIn(t, f, dir)
	if s.info.Has(sdk.CapDetach) {
		if _, err := s.o.Cancel(s.ctx, sdk.CancelRequest{RunID: told.Workflow.RunID, Handle: told.Submission.Handle}); err != nil {
			t.Errorf("a later host cancels the run: %v", err)
		}
		s.watch(told.Workflow, told.Submission)
		return
	}
	if !within(5*time.Second, func() bool { return !anyAlive(children) }) {
		t.Errorf("processes that the plugin had started still run: %v of %v", alive(children), children)
	}
	s.nothingRuns(told.Workflow.RunID)
	r := s.watch(told.Workflow, told.Submission)
	if e := r.last(""); e.State != sdk.StateFailed || e.Reason != sdk.ReasonHostLost {
		t.Errorf("a later host sees the run %s for reason %q\n%s", e.State, e.Reason, r)
	}
	if e := r.last("train"); e.State != sdk.StateFailed && e.State != sdk.StateCancelled {
		t.Errorf("a later host sees the step %s", e.State)
	}
}

func gone(exited chan struct{}) bool {
	select {
	case <-exited:
		return true
	default:
		return false
	}
}

// pattern matches the one test of that name.
func pattern(name string) string {
	var parts []string
	for part := range strings.SplitSeq(name, "/") {
		parts = append(parts, "^"+regexp.QuoteMeta(part)+"$")
	}
	return strings.Join(parts, "/")
}

// descendants is the processes that pid has started, and those that they have.
// It reads /proc, and finds none on systems without.
func descendants(pid int) (children, further []int) {
	parents := map[int][]int{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, nil
	}
	for _, path := range stats {
		child, parent, err := readStat(path)
		if err == nil {
			parents[parent] = append(parents[parent], child)
		}
	}
	children = parents[pid]
	for next := children; len(next) > 0; {
		var generation []int
		for _, p := range next {
			generation = append(generation, parents[p]...)
		}
		further = append(further, generation...)
		next = generation
	}
	return children, further
}

var errGone = errors.New("the process has ended")

// readStat reads a process's number and its parent's from /proc/N/stat, where
// the name in parentheses may hold anything. One that is only waiting to be
// reaped has ended.
func readStat(path string) (pid, parent int, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, err
	}
	text := string(data)
	end := strings.LastIndex(text, ") ")
	fields := strings.Fields(text[max(end, 0):])
	if end < 0 || len(fields) < 3 || fields[1] == "Z" {
		return 0, 0, errGone
	}
	if pid, err = strconv.Atoi(strings.Fields(text)[0]); err != nil {
		return 0, 0, err
	}
	if parent, err = strconv.Atoi(fields[2]); err != nil {
		return 0, 0, err
	}
	return pid, parent, nil
}

func anyAlive(pids []int) bool { return len(alive(pids)) > 0 }

func alive(pids []int) []int {
	var living []int
	for _, pid := range pids {
		if _, _, err := readStat("/proc/" + strconv.Itoa(pid) + "/stat"); err == nil {
			living = append(living, pid)
		}
	}
	return living
}
