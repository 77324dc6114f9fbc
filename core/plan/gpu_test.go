package plan_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/compute"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/gpulint"
	"github.com/stackrun/stack/core/plan"
)

// TestLintGPU: a finding is at the setting that it is about, at the item where
// the item is one of the settings.
func TestLintGPU(t *testing.T) {
	h100 := &compute.Accelerator{Name: "h100", Count: 1}
	rangeOf := func(path ...string) diag.Range {
		if path[0] == "image" && path[1] == "base_image" {
			return diag.Range{} // nowhere, such as a default
		}
		return diag.Range{File: strings.Join(path, "."), Line: 1, Column: 1}
	}
	fromSettings := func(index int) int { return index - 1 } // the first is the stack's
	for _, c := range []struct {
		in     gpulint.Input
		itemOf func(int) int
		want   string
		at     string
	}{
		{gpulint.Input{Accelerator: h100, BaseImage: "python:3.12-slim", Requirements: []string{"torch"}}, nil, "", ""},
		{gpulint.Input{Accelerator: h100, BaseImage: "python:3.12-slim", Requirements: []string{"pandas", "torch==2.6.0+cpu"}}, fromSettings, "GPU101", "image.requirements.0:1:1"},
		{gpulint.Input{Accelerator: h100, BaseImage: "python:3.12-slim", Requirements: []string{"torch==2.6.0+cpu"}}, fromSettings, "GPU101", "image.requirements:1:1"},
		{gpulint.Input{Accelerator: h100, BaseImage: "python:3.12-slim", Requirements: []string{"torch==2.6.0+cpu"}}, nil, "GPU101", "image.requirements:1:1"},
		{gpulint.Input{Accelerator: h100, BaseImage: "rocm/pytorch:latest"}, nil, "GPU106", ""},
	} {
		list := plan.LintGPU(c.in, rangeOf, c.itemOf)
		var got, at string
		for _, d := range list {
			got += string(d.Code)
			if d.Range != nil {
				at += d.Range.String()
			}
			if d.Summary == "" || d.Detail == "" || d.Severity != diag.Error {
				t.Errorf("%+v", d)
			}
		}
		if diff := cmp.Diff([]string{c.want, c.at}, []string{got, at}); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.in.Requirements, diff)
		}
	}
}
