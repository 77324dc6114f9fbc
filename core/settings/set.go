package settings

import (
	"strings"

	"github.com/stackrun/stack/core/diag"
)

// setFile is where values of --set are from, as users see it; the path that is
// set follows, to tell one --set from another.
const setFile = "--set"

// Set is what --set options say. Both parts are of layer CommandLine, and the
// steps' counts before the flow's.
type Set struct {
	Flow  *Value            // for all steps; nil: nothing
	Steps map[string]*Value // by step name
}

// FromSet reads --set options such as image.user=app or
// steps.train.resources.accelerator=l4. The value is YAML; nothing after "="
// is null. A key with a dot in it stands in quotes: see ParsePath. Of two
// values for one path the later one wins; maps are put together.
func FromSet(args []string) (Set, diag.List) {
	s := setter{}
	for _, arg := range args {
		s.arg(arg)
	}
	out := Set{}
	if s.root == nil {
		return out, s.list
	}
	flow := *s.root
	flow.Entries = nil
	for _, e := range s.root.Entries {
		if e.Key != "steps" {
			flow.Entries = append(flow.Entries, e)
			continue
		}
		out.Steps = map[string]*Value{}
		for _, step := range e.Value.Entries {
			out.Steps[step.Key] = step.Value
		}
	}
	if len(flow.Entries) > 0 {
		out.Flow = &flow
	}
	return out, s.list
}

type setter struct {
	root *Value
	list diag.List
}

func (s *setter) refuse(code diag.Code, format string, args ...any) *diag.Diagnostic {
	s.list = append(s.list, diag.At(diag.Range{File: setFile}, code, format, args...))
	return &s.list[len(s.list)-1]
}

func (s *setter) arg(arg string) {
	parts, rest, err := readPath(arg)
	switch {
	case err != nil:
		s.refuse(diag.Usage, "%s", err)
		return
	case !strings.HasPrefix(rest, "="):
		s.refuse(diag.Usage, "%q has no value", cutShort(arg)).Suggestion = "write --set PATH=VALUE, such as --set image.user=app"
		return
	}
	for _, p := range parts {
		if p.Key == "" {
			s.refuse(diag.Usage, "%q sets an item of a list", cutShort(JoinPath(parts...))).Suggestion =
				"set the whole list, or add to it with {append: [..]}"
			return
		}
	}
	v, list := parseText(setFile+" "+cutShort(JoinPath(parts...))+"=…", rest[1:], CommandLine)
	for _, d := range list {
		d.Summary = JoinPath(parts...) + ": " + d.Summary
		if d.Code == diag.Syntax && d.Suggestion == "" {
			d.Suggestion = "the value is YAML; put text with special characters in quotes"
		}
		s.list = append(s.list, d)
	}
	if v == nil || list.HasErrors() {
		return
	}
	for i := len(parts) - 1; i >= 0; i-- {
		v = &Value{Kind: Map, Layer: CommandLine, Range: v.Range, Entries: []Entry{{Key: parts[i].Key, Range: v.Range, Value: v}}}
	}
	if s.stepsAreMaps(v) {
		s.root = together(s.root, v)
	}
}

// stepsAreMaps refuses values in place of steps' settings.
func (s *setter) stepsAreMaps(v *Value) bool {
	steps := v.Get("steps")
	if steps == nil {
		return true
	}
	if steps.Kind != Map {
		s.refuse(diag.WrongType, "steps must be a map of steps, not %s", steps.Describe())
		return false
	}
	for _, e := range steps.Entries {
		if e.Value.Kind != Map {
			s.refuse(diag.WrongType, "steps.%s must be a map of settings, not %s", e.Key, e.Value.Describe()).Suggestion =
				"name the setting, such as steps." + e.Key + ".image.user"
			return false
		}
	}
	return true
}

// together is later on top of earlier: maps by key, anything else replaced.
// Nulls stay, since they mean something to lower layers.
func together(earlier, later *Value) *Value {
	if earlier == nil || earlier.Kind != Map || later.Kind != Map {
		return later
	}
	out := *later
	out.Entries = append([]Entry{}, earlier.Entries...)
	index := map[string]int{}
	for i, e := range out.Entries {
		index[e.Key] = i
	}
	for _, e := range later.Entries {
		i, have := index[e.Key]
		if !have {
			index[e.Key] = len(out.Entries)
			out.Entries = append(out.Entries, e)
			continue
		}
		out.Entries[i] = Entry{Key: e.Key, Range: e.Range, Value: together(out.Entries[i].Value, e.Value)}
	}
	return &out
}
