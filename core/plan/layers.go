package plan

import (
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/core/stackfile"
)

// refuseExpressions finds ${{ }} in layers other than the flow, where nothing
// fills it in: parameters and matrixes are the flow's.
func refuseExpressions(l Layers, stack *stackfile.Stack) diag.List {
	var list diag.List
	layers := append([]*settings.Value{l.CommandLine.Flow, l.Configure, l.Environment, l.Pyproject}, stack.Defaults...)
	for _, v := range l.CommandLine.Steps {
		layers = append(layers, v)
	}
	for _, v := range layers {
		walk(v, func(s *settings.Value) {
			if strings.Contains(s.Text, "${{") {
				list = append(list, diag.At(s.Range, diag.BadExpression, "${{ }} is filled in in flow.yaml only").
					Try("write the value itself"))
			}
		})
	}
	return list
}

// refuseSensitive finds values of sensitive variables in the defaults of a
// stack, from where they would reach plans, images and records.
func refuseSensitive(stack *stackfile.Stack) diag.List {
	var list diag.List
	for _, d := range stack.Defaults {
		walk(d, func(s *settings.Value) {
			if stack.Sensitive(s) {
				list = append(list, diag.At(s.Range, diag.SecretInPlain, "a sensitive variable cannot be a default setting").
					Because("Settings are shown in plans, and are part of images.").
					Try("let steps read it from their own environment"))
			}
		})
	}
	return list
}

// walk calls visit for every scalar of a tree.
func walk(v *settings.Value, visit func(*settings.Value)) {
	if v == nil {
		return
	}
	if v.Kind == settings.Scalar {
		visit(v)
	}
	for _, item := range v.Items {
		walk(item, visit)
	}
	for _, e := range v.Entries {
		walk(e.Value, visit)
	}
}
