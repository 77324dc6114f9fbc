package orchestrator

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/driver"
)

// shownProcess is a document's content.
type shownProcess struct {
	Argv        []string `json:"argv"`
	Dir         string   `json:"dir"`
	Environment []string `json:"environment"`
}

func documented(t *testing.T, l *Local, w sdk.Workflow) []shownProcess {
	t.Helper()
	plan, _, err := l.Plan(t.Context(), w, false)
	if err != nil {
		t.Fatal(err)
	}
	var all []shownProcess
	for _, d := range plan.Documents {
		var p shownProcess
		if err := json.Unmarshal(d.Content, &p); err != nil {
			t.Fatalf("%s: %v", d.Content, err)
		}
		all = append(all, p)
	}
	return all
}

// What a plan shows is what the driver then has started, but for the run's id
// and the attempt's number.
func TestDocumentsAreWhatRuns(t *testing.T) {
	dir := t.TempDir()
	l := box()
	l.state, l.store = filepath.Join(dir, "state"), filepath.Join(dir, "store")
	w := sdk.Workflow{Flow: "churn", SourceRoot: dir, Steps: []sdk.Step{
		{Name: "make[a=1]", Command: []string{"make", sdk.OutputReference("data")}, Nodes: 1, Outputs: []sdk.Output{{Name: "data", Type: sdk.OutputDirectory}}},
		{
			Name: "use", Command: []string{"use", "<" + sdk.InputReference("data") + "&&" + sdk.InputReference("all") + ">"}, Nodes: 1, Needs: []string{"make[a=1]"}, Workdir: "/tmp",
			Environment: []sdk.EnvVar{{Name: "DATA", Value: sdk.InputReference("data")}},
			Inputs: []sdk.Input{
				{Name: "data", Sources: []sdk.Source{{Step: "make[a=1]", Output: "data"}}},
				{Name: "all", Many: true, Sources: []sdk.Source{{Step: "make[a=1]", Output: "data", Entry: "a=1"}}},
			},
		},
	}}
	planned := documented(t, l, w)

	ran := &recording{}
	d := driver.New(ran, driver.Options{StateDir: l.state, Store: l.store})
	w.RunID = "r1"
	if _, err := d.Submit(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	err := d.Watch(t.Context(), sdk.WatchRequest{RunID: "r1"}, func(sdk.Event) error { return nil })
	if err := errors.Join(err, d.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer(anyRun, "r1", anyAttempt, "1")
	for i := range planned {
		for _, words := range [][]string{planned[i].Argv, planned[i].Environment} {
			for j := range words {
				words[j] = fill.Replace(words[j])
			}
		}
	}
	if diff := cmp.Diff(ran.started, planned); diff != "" {
		t.Errorf("documents (-what ran +what was planned):\n%s", diff)
	}
}

func TestDocumentIsForPeople(t *testing.T) {
	plan, _, err := box().Plan(t.Context(), sdk.Workflow{SourceRoot: "/src", Steps: []sdk.Step{{Name: "a", Command: []string{"sh", "-c", "a < b && c > d"}}}}, false)
	if err != nil || !strings.Contains(string(plan.Documents[0].Content), `"a < b && c > d"`) {
		t.Errorf("%s, %v", plan.Documents[0].Content, err)
	}
}

// recording notes what it is to start, as the executor would start it.
type recording struct {
	mu      sync.Mutex
	started []shownProcess
}

func (r *recording) Start(_ context.Context, a driver.Attempt) (driver.Process, error) {
	inputs, err := inputPaths(a)
	if err != nil {
		return nil, err
	}
	paths := pathsOf(a, inputs)
	p := shownProcess{Argv: a.Command(paths), Dir: workdir(a.Step, a.SourceRoot)}
	for _, v := range a.Environment(paths) {
		p.Environment = append(p.Environment, v.Name+"="+v.Value)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.started = append(r.started, p)
	return ended{}, nil
}

func (r *recording) Sweep(context.Context, string) error { return nil }

type ended struct{}

func (ended) Wait() (driver.Exit, error) { return driver.Exit{}, nil }
func (ended) Signal(driver.Signal) error { return os.ErrProcessDone }
