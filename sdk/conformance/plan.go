package conformance

import (
	"reflect"
	"testing"

	"github.com/stackrun/stack/sdk"
)

func testPlan(t *testing.T, f Factory) {
	s := open(t, f)
	w := s.workflow(s.script("prepare", "true"), s.script("train", "true", "prepare"))
	w.RunID = ""
	plan, diags, err := s.o.Plan(s.ctx, w, false)
	if err != nil {
		t.Fatalf("Plan: %v", err)
	}
	s.refuseErrors("Plan", diags)
	if len(plan.Placements) != len(w.Steps) {
		t.Fatalf("%d placements for %d steps", len(plan.Placements), len(w.Steps))
	}
	for i, placement := range plan.Placements {
		if placement.Step != w.Steps[i].Name {
			t.Errorf("placement %d is of step %q, want %q", i, placement.Step, w.Steps[i].Name)
		}
		if placement.Reason == "" {
			t.Errorf("the placement of %s has no reason", placement.Step)
		}
	}
	for _, document := range plan.Documents {
		if document.Name == "" || document.MediaType == "" {
			t.Errorf("a document has name %q and media type %q", document.Name, document.MediaType)
		}
	}
	for range 3 {
		again, _, err := s.o.Plan(s.ctx, w, false)
		if err != nil || !reflect.DeepEqual(plan, again) {
			t.Fatalf("the same workflow gives another plan (%v):\n%+v\n%+v", err, plan, again)
		}
	}
	if s.info.Has(sdk.CapImages) {
		t.Run("an image that is not built yet", func(t *testing.T) {
			w := w
			w.Steps = []sdk.Step{s.script("train", "true")}
			w.Steps[0].Image = &sdk.Image{Reference: "registry.example/team/churn:0123abcd", Platform: "linux/amd64"}
			if _, diags, err := s.o.Plan(s.ctx, w, false); err != nil || len(diags) > 0 {
				t.Errorf("Plan: %v, %+v", err, diags)
			}
		})
	}
}
