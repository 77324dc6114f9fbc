package plan

import (
	"strconv"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/gpulint"
)

// LintGPU says where a step's image does not fit its accelerator, at the
// settings that are about it. rangeOf finds where a setting of the step was
// written, as for resources.accelerator. itemOf is the place in the list of
// image.requirements of the requirement with this index of in.Requirements, and
// below zero where it is from elsewhere, such as a file; nil means that all are.
func LintGPU(in gpulint.Input, rangeOf func(path ...string) diag.Range, itemOf func(index int) int) diag.List {
	var list diag.List
	for _, f := range gpulint.Check(in) {
		path := strings.Split(f.Subject, ".")
		if f.Subject == gpulint.OfRequirements && itemOf != nil {
			if i := itemOf(f.Index); i >= 0 {
				path = append(path, strconv.Itoa(i))
			}
		}
		d := diag.Diagnostic{Severity: f.Severity, Code: f.Code, Summary: f.Summary, Detail: f.Detail, Suggestion: f.Suggestion}
		if at := rangeOf(path...); at != (diag.Range{}) {
			d.Range = &at
		}
		list = append(list, d)
	}
	return list
}
