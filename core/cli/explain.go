package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/core/settings"
)

// explanation is what `stack explain -o json` prints.
type explanation struct {
	Path       string          `json:"path"`
	Value      any             `json:"value"`
	Origin     settings.Origin `json:"origin"`
	Overridden []overridden    `json:"overridden"`

	removed bool // the origin is what took the value away
}

type overridden struct {
	Value  any             `json:"value"`
	Origin settings.Origin `json:"origin"`
}

func newExplain(a *app) *cobra.Command {
	var flags flowFlags
	cmd := &cobra.Command{
		Use:   "explain FLOW [PATH]",
		Short: "Show the value of a setting, where it came from, and what it overrode",
		Long: `Shows a setting's value, the layer, file and line that it came from, and each
value that it overrode, the nearest first. Of a setting that a layer took away
it shows which layer did, and what was there. PATH is such as
steps.train.image.requirements. Without PATH all settings of all steps are
listed with their origins.`,
		Example: "  stack explain flow.yaml steps.train.image.requirements\n  stack explain flow.yaml --set image.user=app steps.train.image.user",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				return nil
			}
			return a.flowArgument()(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			flags.flow = args[0]
			path := ""
			if len(args) == 2 {
				path = args[1]
			}
			return a.explain(cmd.Context(), flags, path)
		},
	}
	flags.add(cmd)
	return cmd
}

func (a *app) explain(ctx context.Context, flags flowFlags, path string) error {
	s, err := a.openSession(flags.flow, flags.plugins...)
	if err != nil {
		return err
	}
	defer s.close()
	resolved, err := s.engine.Resolve(ctx, flags.request())
	if err != nil {
		return err
	}
	paths := []string{path}
	if path == "" {
		paths = resolved.Paths()
	}
	all := []explanation{}
	for _, p := range paths {
		v, err := resolved.Explain(p)
		if err != nil {
			return err
		}
		all = append(all, explain(p, v))
	}
	switch {
	case a.flags.output != "json":
		for _, e := range all {
			a.printExplanation(e)
		}
	case path != "":
		a.printJSON(all[0])
	default:
		a.printJSON(all)
	}
	return nil
}

func explain(path string, v plan.Explained) explanation {
	e := explanation{Path: path, Value: v.Plain(), Origin: v.Origin(), Overridden: []overridden{}, removed: v.Removed}
	for _, o := range v.Overrode {
		e.Overridden = append(e.Overridden, overridden{o.Plain(), o.Origin()})
	}
	return e
}

func (a *app) printExplanation(e explanation) {
	from := "from"
	if e.removed {
		from = "removed by"
	}
	fmt.Fprintf(a.Stdout, "%s = %s\n  %s %s\n", diag.Printable(e.Path), valueText(e.Value), from, originText(e.Origin))
	for _, o := range e.Overridden {
		fmt.Fprintf(a.Stdout, "  over %s from %s\n", valueText(o.Value), originText(o.Origin))
	}
}

func valueText(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(data)
}

func originText(o settings.Origin) string {
	text := string(o.Layer)
	if o.File != "" {
		text += ", " + diag.Range{File: o.File, Line: o.Line, Column: o.Column}.String()
	}
	return text
}
