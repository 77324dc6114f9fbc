package flow

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/stackrun/stack/core/compute"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

// version is the version of the format that this program reads.
const version = "1"

// Parse reads a flow.yaml. file is its name as the user would say it. The Flow
// is nil when the list has errors.
func Parse(file string, data []byte) (*Flow, diag.List) {
	tree, list := settings.ParseYAML(file, data, settings.Flow)
	p := &parser{source: newSource(data), list: list, types: settings.NewTypes(), isStep: map[string]bool{}, flow: &Flow{File: file, FailFast: true}}
	switch {
	case tree == nil:
	case tree.Kind != settings.Map:
		p.add(diag.At(tree.Range, diag.WrongType, "a flow must be a map, not %s", tree.Describe()))
	default:
		p.whole(tree)
		p.checkSettings()
	}
	// Found in several passes; read from top to bottom.
	slices.SortStableFunc(p.list, func(a, b diag.Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Range.Line, b.Range.Line), cmp.Compare(a.Range.Column, b.Range.Column))
	})
	if p.list.HasErrors() {
		return nil, p.list
	}
	return p.flow, p.list
}

// parser gathers a flow and what is wrong with it.
type parser struct {
	source     source
	list       diag.List
	flow       *Flow
	paramNames []string
	stepNames  []string
	types      *settings.Types
	said       []*settings.Value // settings to be checked
	isStep     map[string]bool
	byName     map[string]*Step // once all are read
}

func (p *parser) add(d ...diag.Diagnostic) { p.list = append(p.list, d...) }

func (p *parser) whole(tree *settings.Value) {
	own, said := p.divide(tree, ownKeys(reflect.TypeFor[flowOwn]()))
	var shape flowOwn
	p.add(p.types.Decode(withoutSteps(own), &shape)...)
	p.header(own, shape)
	p.params(own.Get("params"))
	p.flow.Timeout = p.timeout(said.Get("timeout"))
	p.flow.Settings = p.settings(without(said, "timeout"))
	steps := own.Get("steps")
	switch {
	case steps == nil || steps.Kind == settings.Map && len(steps.Entries) == 0 || steps.Kind == settings.Null:
		at := tree.Range
		if steps != nil {
			at = steps.Range
		}
		p.add(diag.At(at, diag.MissingField, "a flow has at least one step").Try("add steps: {NAME: {run: COMMAND}}"))
		return
	case steps.Kind != settings.Map:
		p.add(diag.At(steps.Range, diag.WrongType, "steps must be a map of names to steps, not %s", steps.Describe()))
		return
	}
	for _, e := range steps.Entries {
		p.stepNames, p.isStep[e.Key] = append(p.stepNames, e.Key), true
	}
	for _, e := range steps.Entries {
		p.step(e)
	}
	p.scopes()
	p.graph()
}

// header checks version, name and fail.
func (p *parser) header(own *settings.Value, shape flowOwn) {
	if v := own.Get("version"); v != nil && v.Kind == settings.Scalar && v.Type == settings.Int && v.Text != version {
		p.add(diag.At(v.Range, diag.Version, "version %s of flow.yaml is not known", v.Text).Try("write version: " + version))
	}
	p.flow.Version = shape.Version
	if v := own.Get("name"); v != nil && v.Kind == settings.Scalar {
		p.checkName("a flow", v.Text, v.Range)
		p.flow.Name = v.Text
	}
	p.flow.FailFast = shape.Fail != "slow"
	if v := own.Get("build"); v != nil && v.Kind == settings.Scalar {
		if strings.Contains(v.Text, opening) {
			p.add(diag.At(v.Range, diag.BadExpression, "the id of a build is written out: ${{ }} is not filled in here").
				Try("give it on the command line: --build ID"))
		}
		p.flow.Build, p.flow.BuildAt = shape.Build, v.Range
	}
}

// timeout is the bound of the whole run.
func (p *parser) timeout(v *settings.Value) time.Duration {
	if v == nil || v.Kind == settings.Null {
		return 0
	}
	var shape struct {
		Timeout compute.Duration `json:"timeout"`
	}
	p.add(p.types.Decode(&settings.Value{Kind: settings.Map, Range: v.Range, Entries: []settings.Entry{{Key: "timeout", Range: v.Range, Value: v}}}, &shape)...)
	return time.Duration(shape.Timeout)
}

// divide parts a map into what is its own and what is settings, and reports
// keys that are neither.
func (p *parser) divide(v *settings.Value, own []string) (mine, said *settings.Value) {
	a, b := *v, *v
	a.Entries, b.Entries = nil, nil
	keys := allKeys(own)
	for _, e := range v.Entries {
		switch {
		case slices.Contains(own, e.Key):
			a.Entries = append(a.Entries, e)
		case slices.Contains(SettingsKeys(), e.Key):
			b.Entries = append(b.Entries, e)
		case slices.Contains(notBuilt(), e.Key) && slices.Contains(own, "steps"):
			p.add(diag.At(e.Range, diag.NotBuiltYet, "%s is not available in this version of stack", e.Key).Try("remove it"))
		default:
			d := diag.At(e.Range, diag.UnknownField, "unknown field %q", e.Key).Try(diag.DidYouMean(e.Key, keys))
			if d.Suggestion == "" {
				d = d.Because("Known here: %s.", strings.Join(keys, ", "))
			}
			p.add(d)
		}
	}
	return &a, &b
}

// withoutSteps is v with its steps left to be read one by one.
func withoutSteps(v *settings.Value) *settings.Value {
	out := *v
	out.Entries = nil
	for _, e := range v.Entries {
		if e.Key == "steps" {
			// Present, so that it is not missing; what it holds is read later.
			e.Value = &settings.Value{Kind: settings.Map, Range: e.Value.Range, Layer: e.Value.Layer}
		}
		out.Entries = append(out.Entries, e)
	}
	if v.Get("steps") == nil {
		out.Entries = append(out.Entries, settings.Entry{Key: "steps", Range: v.Range, Value: &settings.Value{Kind: settings.Map, Range: v.Range}})
	}
	return &out
}

func without(v *settings.Value, key string) *settings.Value {
	out := *v
	out.Entries = slices.DeleteFunc(slices.Clone(v.Entries), func(e settings.Entry) bool { return e.Key == key })
	return &out
}
