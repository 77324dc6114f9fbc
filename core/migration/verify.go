package migration

import (
	"fmt"
	"reflect"
	"strconv"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/settings"
)

// verify reads the flow that was written, as a run would: what is wrong with
// it is left to do.
func (r *reader) verify(file string, text []byte) {
	parsed, list := flow.Parse(file, text)
	if parsed != nil {
		graph, problems := flow.Expand(parsed, given(parsed.Params))
		list = append(list, problems...)
		if graph != nil {
			for _, n := range graph.Steps {
				list = append(list, checked(n.Settings.Get("image"), n.FlowSettings.Get("image"))...)
			}
		}
	}
	seen := map[string]bool{}
	for _, d := range list {
		detail := "mend the flow: " + d.Summary + " [" + string(d.Code) + "]"
		if d.Suggestion != "" {
			detail += "; " + d.Suggestion
		}
		// What a step inherits is told once; warnings come again with each plan.
		if key := fmt.Sprint(d.Range, detail); d.Severity == diag.Error && !seen[key] {
			seen[key] = true
			r.notes = append(r.notes, Note{Kind: ToDo, Detail: detail, Range: d.Range})
		}
	}
}

// given is a value for each param that has none, which fits most places.
func given(params []flow.Param) []string {
	var out []string
	for _, p := range params {
		if p.Default == nil {
			out = append(out, p.Name+"=1")
		}
	}
	return out
}

// checked is what is wrong with the image settings of a step, with those of the
// flow below them.
func checked(layers ...*settings.Value) diag.List {
	var have []*settings.Value
	for _, v := range layers {
		if v != nil {
			have = append(have, v)
		}
	}
	if len(have) == 0 {
		return nil
	}
	types := settings.NewTypes()
	merged, list := types.Merge(reflect.TypeFor[image.Settings](), have...)
	pruned, problems := image.Prune(merged)
	list = append(list, problems...)
	if pruned == nil {
		return list
	}
	var s image.Settings
	if list = append(list, types.Decode(pruned, &s)...); list.HasErrors() {
		return list
	}
	return append(list, s.Check(func(path ...string) diag.Range {
		at := pruned
		for _, key := range path {
			next := at.Get(key)
			if i, err := strconv.Atoi(key); err == nil && i < len(at.Items) {
				next = at.Items[i]
			}
			if next == nil {
				break
			}
			at = next
		}
		return at.Range
	})...)
}
