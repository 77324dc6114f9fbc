package conformance

import (
	"testing"

	"github.com/stackrun/stack/sdk"
)

func testList(t *testing.T, f Factory) {
	s := open(t, f)
	var ids []string
	for range 3 {
		w := s.workflow(s.script("train", "true"))
		w.Labels = map[string]string{"suite": "conformance", "session": s.workflow().RunID}
		if len(ids) > 0 {
			w.Labels["session"] = ids[0]
		}
		ids = append(ids, w.RunID)
		if len(ids) == 1 {
			w.Labels["session"] = w.RunID
		}
		s.run(w)
	}
	find := func(t *testing.T, request sdk.ListRequest) []sdk.RunSummary {
		t.Helper()
		var all []sdk.RunSummary
		for range 1000 {
			runs, next, err := s.o.List(s.ctx, request)
			if err != nil {
				t.Fatalf("List: %v", err)
			}
			all = append(all, runs...)
			if next == "" {
				return all
			}
			request.Page = next
		}
		t.Fatal("the pages of a list have no end")
		return nil
	}
	runs := find(t, sdk.ListRequest{Labels: map[string]string{"session": ids[0]}})
	if len(runs) != 3 {
		t.Fatalf("%d runs have the label of three: %+v", len(runs), runs)
	}
	for i, run := range runs {
		if want := ids[len(ids)-1-i]; run.RunID != want {
			t.Errorf("run %d is %s, want %s: newest first", i, run.RunID, want)
		}
		if run.Flow != "conformance" || run.State != sdk.StateSucceeded || run.Created.IsZero() || run.Labels["suite"] != "conformance" {
			t.Errorf("a run is told as %+v", run)
		}
	}
	t.Run("pages", func(t *testing.T) {
		paged := find(t, sdk.ListRequest{Labels: map[string]string{"session": ids[0]}, PageSize: 2})
		if len(paged) != 3 {
			t.Errorf("in pages there are %d", len(paged))
		}
	})
	t.Run("since", func(t *testing.T) {
		recent := find(t, sdk.ListRequest{Labels: map[string]string{"session": ids[0]}, Since: runs[0].Created})
		if len(recent) == 0 || recent[0].RunID != runs[0].RunID {
			t.Errorf("since the last run there are %+v", recent)
		}
	})
	t.Run("a label that no run has", func(t *testing.T) {
		if none := find(t, sdk.ListRequest{Labels: map[string]string{"session": "none"}}); len(none) > 0 {
			t.Errorf("%+v", none)
		}
	})
	t.Run("a handle from the list leads to the run", func(t *testing.T) {
		err := s.o.Watch(s.ctx, sdk.WatchRequest{RunID: runs[1].RunID, Handle: runs[1].Handle}, func(sdk.Event) error { return nil })
		if err != nil {
			t.Errorf("Watch: %v", err)
		}
	})
}
