package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sort"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
)

// Request is how a plan was asked for. Paths are relative to the flow's source
// root, so that a saved plan can be moved with its project.
type Request struct {
	Root      string   `json:"root"` // where the source root was, absolute
	FlowFile  string   `json:"flow_file"`
	StackFile string   `json:"stack_file"`
	Stack     string   `json:"stack"`
	Params    []string `json:"params"`
	Set       []string `json:"set"`
	Vars      []string `json:"vars"`
	Build     *string  `json:"build"` // --build; null without
}

// Saved is a plan in a file: what was decided, and how to decide it again to
// see whether anything has moved.
type Saved struct {
	Plan
	Request    Request `json:"request"`
	PlanDigest string  `json:"plan_digest"`
	// KeyInputs is what each image's key was made of, by key, to say why
	// another one is needed now.
	KeyInputs map[string]image.Inputs `json:"key_inputs"`
}

// Save is the text of a plan's file.
func Save(p Plan, r Request) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	s := Saved{Plan: p, Request: r, PlanDigest: p.Digest(), KeyInputs: map[string]image.Inputs{}}
	for _, im := range p.Images {
		if im.Key != "" {
			s.KeyInputs[im.Key] = im.Inputs
		}
	}
	if err := e.Encode(s); err != nil {
		return nil, fmt.Errorf("encode plan: %w", err)
	}
	return b.Bytes(), nil
}

// Load reads a saved plan. file is its name, for diagnostics.
func Load(file string, data []byte) (Saved, error) {
	var s Saved
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(&s)
	if err == nil && d.More() {
		err = fmt.Errorf("something follows it, from byte %d on", d.InputOffset())
	}
	if err != nil {
		at := diag.Range{File: file, Line: 1, Column: 1}
		var syntax *json.SyntaxError
		var wrong *json.UnmarshalTypeError
		switch {
		case errors.As(err, &syntax):
			at = byteRange(file, data, syntax.Offset)
		case errors.As(err, &wrong):
			at = byteRange(file, data, wrong.Offset)
		}
		return Saved{}, diag.List{diag.At(at, diag.Syntax, "this is not a saved plan: %v", err).
			Try("`stack plan FLOW -O FILE` saves one")}
	}
	at := diag.Range{File: file, Line: 1, Column: 1}
	switch {
	case s.SchemaVersion != SchemaVersion:
		return Saved{}, diag.List{diag.At(at, diag.Version, "the plan has version %d; this stack reads %d", s.SchemaVersion, SchemaVersion)}
	case s.Request.FlowFile == "" || s.PlanDigest == "":
		return Saved{}, diag.List{diag.At(at, diag.Syntax, "this plan was printed, not saved").
			Try("`stack plan FLOW -O FILE` saves one")}
	case s.Digest() != s.PlanDigest:
		return Saved{}, diag.List{diag.At(at, diag.PlanStale, "the plan was changed after it was saved").
			Try("plan again: `stack plan FLOW -O FILE`")}
	}
	for i, im := range s.Images {
		s.Images[i].Inputs = s.KeyInputs[im.Key]
	}
	return s, nil
}

// byteRange is the line and column of a byte of data.
func byteRange(file string, data []byte, offset int64) diag.Range {
	before := data[:min(max(offset-1, 0), int64(len(data)))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len([]rune(string(before[bytes.LastIndexByte(before, '\n')+1:]))) + 1
	return diag.Range{File: file, Line: line, Column: column}
}

// CheckFresh refuses now, a plan that was made again, unless it does exactly
// what saved does.
func CheckFresh(saved, now Plan) error {
	if saved.Digest() == now.Digest() {
		return nil
	}
	return diag.List{diag.New(diag.PlanStale, "the saved plan is stale: what it depends on has moved").
		Because("%s", strings.Join(Differences(saved, now), "\n")).
		Try("plan again and look at it: `stack plan FLOW -O FILE`")}
}

// Differences says in a line each how two plans differ in what they would do.
func Differences(old, new Plan) []string {
	var out []string
	if old.Flow != new.Flow || old.Stack != new.Stack {
		out = append(out, fmt.Sprintf("~ flow %s on stack %s → %s on %s", old.Flow, old.Stack, new.Flow, new.Stack))
	}
	oldImages, newImages := imageOf(old), imageOf(new)
	was, is := map[string]Step{}, map[string]Step{}
	var names []string
	for _, s := range old.Steps {
		was[s.Name] = s
		names = append(names, s.Name)
	}
	for _, s := range new.Steps {
		is[s.Name] = s
		if _, both := was[s.Name]; !both {
			names = append(names, s.Name)
		}
	}
	for _, name := range names {
		a, hadIt := was[name]
		b, hasIt := is[name]
		switch {
		case !hasIt:
			out = append(out, "- step "+name)
			continue
		case !hadIt:
			out = append(out, "+ step "+name)
			continue
		}
		if x, y := oldImages[name], newImages[name]; x.Reference != y.Reference || x.Key != y.Key {
			out = appendNew(out, "~ image "+shortName(x)+" → "+shortName(y))
			for _, reason := range image.Reasons(x.Inputs, y.Inputs) {
				out = appendNew(out, "  "+reason)
			}
		}
		if x, y := oldImages[name], newImages[name]; x.Key == y.Key && x.Base != nil && y.Base != nil && x.Base.Digest != y.Base.Digest {
			out = appendNew(out, fmt.Sprintf("~ image %s (%s → %s)", y.Base.Reference, x.Base.Digest, y.Base.Digest))
		}
		a.Image, b.Image = nil, nil
		out = append(out, fieldDifferences("step "+name, a, b)...)
	}
	if len(out) == 0 {
		out = append(out, "~ images")
	}
	return out
}

// imageOf is each step's image.
func imageOf(p Plan) map[string]Image {
	out := map[string]Image{}
	for _, im := range p.Images {
		for _, s := range im.Steps {
			out[s] = im
		}
	}
	return out
}

// shortName is an image's reference with the first digits of its key.
func shortName(im Image) string {
	if len(im.Key) > 12 {
		return strings.Replace(im.Reference, im.Key, im.Key[:12], 1)
	}
	return im.Reference
}

// fieldDifferences names the fields by their JSON keys.
func fieldDifferences(what string, a, b any) []string {
	var out []string
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range va.NumField() {
		x, y := va.Field(i).Interface(), vb.Field(i).Interface()
		if reflect.DeepEqual(x, y) {
			continue
		}
		name, _, _ := strings.Cut(va.Type().Field(i).Tag.Get("json"), ",")
		out = append(out, fmt.Sprintf("~ %s of %s: %s → %s", name, what, compact(x), compact(y)))
	}
	sort.Strings(out)
	return out
}

func compact(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if text := []rune(string(data)); len(text) > 80 {
		return string(text[:79]) + "…"
	}
	return string(data)
}
