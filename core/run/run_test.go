package run_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/run"
	"github.com/stackrun/stack/sdk"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func record(id string) run.Record {
	return run.Record{
		ID: id, Flow: "churn", Stack: "local", Phase: run.Planned, State: sdk.StatePending, Created: noon,
		Steps: []run.Step{{Name: "prepare", State: sdk.StatePending}, {Name: "train", State: sdk.StatePending}},
	}
}

// create makes a run that nobody holds.
func create(t *testing.T, s run.Store, r run.Record) {
	t.Helper()
	host, err := s.Create(r)
	if err != nil {
		t.Fatal(err)
	}
	host.Release()
}

func TestFold(t *testing.T) {
	exit := 3
	at := func(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }
	events := []sdk.Event{
		{Kind: sdk.EventRun, State: sdk.StateRunning, Time: at(0)},
		{Kind: sdk.EventStep, Step: "prepare", Attempt: 1, State: sdk.StateRunning, Time: at(1)},
		{Kind: sdk.EventStep, Step: "prepare", Attempt: 1, State: sdk.StateFailed, Reason: sdk.ReasonExitCode, Exit: &exit, Time: at(2)},
		{Kind: sdk.EventStep, Step: "prepare", Attempt: 2, State: sdk.StateRunning, Time: at(3)},
		{Kind: sdk.EventStep, Step: "prepare", Attempt: 1, State: sdk.StateFailed, Time: at(3)}, // late, of the attempt before
		{Kind: sdk.EventStep, Step: "prepare", Attempt: 2, State: sdk.StateSucceeded, Time: at(4)},
		{Kind: sdk.EventStep, Step: "prepare", Attempt: 2, State: sdk.StateRunning, Time: at(5)}, // an end stays
		{Kind: sdk.EventStep, Step: "new", Attempt: 1, State: sdk.StateRunning, Time: at(5)},
		{Kind: sdk.EventRun, State: sdk.StateSucceeded, Time: at(6)},
		{Kind: sdk.EventRun, State: sdk.StateFailed, Time: at(7)},
	}
	fold := func(times int) run.Record {
		r := record("churn-1")
		for _, e := range events {
			for range times {
				r = r.Fold(e)
			}
		}
		return r
	}
	got := fold(1)
	one, six, three, four, five := at(0), at(6), at(3), at(4), at(5)
	want := record("churn-1")
	want.State, want.Started, want.Ended = sdk.StateSucceeded, &one, &six
	want.Steps = []run.Step{
		{Name: "prepare", State: sdk.StateSucceeded, Attempt: 2, Started: &three, Ended: &four},
		{Name: "train", State: sdk.StatePending},
		{Name: "new", State: sdk.StateRunning, Attempt: 1, Started: &five},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(got, fold(3)); diff != "" {
		t.Errorf("events that come again change the record: %s", diff)
	}
}

func TestEndLeavesNoStepOpen(t *testing.T) {
	r := record("churn-1").Fold(sdk.Event{Kind: sdk.EventStep, Step: "prepare", Attempt: 1, State: sdk.StateRunning, Time: noon})
	r = r.End(sdk.StateFailed, sdk.ReasonHostLost, "the process is gone", noon)
	if r.State != sdk.StateFailed || r.Steps[0].State != sdk.StateFailed || r.Steps[1].State != sdk.StateSkipped {
		t.Errorf("%+v", r)
	}
	if again := r.End(sdk.StateSucceeded, "", "", noon); again.State != sdk.StateFailed {
		t.Error("an ended run ended again")
	}
}

func TestStore(t *testing.T) {
	s := run.Store{Dir: filepath.Join(t.TempDir(), ".stack", "runs")}
	if records, warnings := s.List(); len(records)+len(warnings) != 0 {
		t.Fatalf("a store without a folder has %v, %v", records, warnings)
	}
	old, young := record("churn-1"), record("churn-2")
	young.Created = noon.Add(time.Minute)
	for _, r := range []run.Record{old, young} {
		create(t, s, r)
	}
	if _, err := s.Create(old); diag.FromError(err)[0].Code != diag.RunExists {
		t.Errorf("creating a run twice: %v", err)
	}
	records, warnings := s.List()
	if len(warnings) != 0 || len(records) != 2 || records[0].ID != "churn-2" {
		t.Fatalf("List = %v, %v", records, warnings)
	}
	_, err := s.Load("churn-3")
	if d := diag.FromError(err)[0]; d.Code != diag.RunNotFound || !strings.Contains(d.Suggestion, "churn-") {
		t.Errorf("an unknown run: %+v", d)
	}
	for _, bad := range []string{"", "../churn-1", "a/b", "-x", strings.Repeat("a", 64), "UPPER"} {
		if _, err := s.Load(bad); err == nil || diag.FromError(err)[0].Code != diag.RunNotFound {
			t.Errorf("Load(%q) = %v", bad, err)
		}
	}
	leftovers, err := filepath.Glob(filepath.Join(s.Dir, "*", ".*"))
	if err != nil || len(leftovers) != 0 {
		t.Errorf("left over: %v, %v", leftovers, err)
	}
}

func TestCorruptRecordIsMovedAside(t *testing.T) {
	good, err := json.Marshal(record("churn-1"))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{
		"empty": "", "torn": string(good[:len(good)/2]),
		"no state": `{"schema_version":1,"run":"churn-1"}`, "another run": `{"schema_version":1,"run":"other","state":"running"}`,
		"array": `[]`, "number": `1`, "nul": "\x00\x00",
	} {
		t.Run(name, func(t *testing.T) {
			s := run.Store{Dir: t.TempDir()}
			create(t, s, record("churn-1"))
			create(t, s, record("churn-2"))
			path := filepath.Join(s.Path("churn-1"), "record.json")
			if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
				t.Fatal(err)
			}
			records, warnings := s.List()
			if len(records) != 1 || records[0].ID != "churn-2" || len(warnings) != 1 || warnings[0].Code != diag.RecordCorrupt {
				t.Fatalf("List = %v, %v", records, warnings)
			}
			kept, err := os.ReadFile(path + ".corrupt")
			if err != nil || string(kept) != data {
				t.Errorf("what was found is not kept: %q, %v", kept, err)
			}
		})
	}
}

func TestRecordOfAnotherVersionStays(t *testing.T) {
	s := run.Store{Dir: t.TempDir()}
	create(t, s, record("churn-1"))
	path := filepath.Join(s.Path("churn-1"), "record.json")
	if err := os.WriteFile(path, []byte(`{"schema_version":99}`), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 { // looking again finds the same
		_, warnings := s.List()
		if len(warnings) != 1 || !strings.Contains(warnings[0].Summary, "version 99") {
			t.Errorf("%+v", warnings)
		}
	}
}

func FuzzLoad(f *testing.F) {
	good, err := json.Marshal(record("churn-1"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"schema_version":1,"run":"churn-1","state":"running","steps":[{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := run.Store{Dir: t.TempDir()}
		create(t, s, record("churn-1"))
		if err := os.WriteFile(filepath.Join(s.Path("churn-1"), "record.json"), data, 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := s.Load("churn-1")
		if err == nil && r.ID != "churn-1" {
			t.Errorf("the record of another run was taken: %q", r.ID)
		}
	})
}

func TestHost(t *testing.T) {
	s := run.Store{Dir: t.TempDir()}
	create(t, s, record("churn-1"))
	h, err := s.Host("churn-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Host("churn-1"); !errors.Is(err, run.ErrHosted) {
		t.Errorf("held twice: %v", err)
	}
	if !s.Hosted("churn-1") {
		t.Error("a held run looks free")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, asked := h.CancelRequested(ctx); asked {
		t.Error("cancelled by nobody")
	}
	if err := s.RequestCancel("churn-1", 3*time.Second); err != nil {
		t.Fatal(err)
	}
	if grace, asked := h.CancelRequested(context.Background()); !asked || grace != 3*time.Second {
		t.Error("the request was not seen")
	}
	h.Release()
	if s.Hosted("churn-1") {
		t.Error("a free run looks held")
	}
}

func TestNewID(t *testing.T) {
	seen := map[string]bool{}
	for _, flow := range []string{"a", "churn_model", strings.Repeat("long-", 12), "ends-"} {
		for range 50 {
			id := run.NewID(flow, noon)
			if err := run.CheckID(id); err != nil {
				t.Fatalf("NewID(%q) = %q: %v", flow, id, err)
			}
			seen[id] = true
		}
	}
	if len(seen) < 190 {
		t.Errorf("only %d of 200 ids differ", len(seen))
	}
}
