package settings

import (
	"slices"
	"strings"

	"github.com/stackrun/stack/core/diag"
)

// FromEnvironment reads the settings of STACK_* variables: for each key, such
// as image, the variable STACK_IMAGE, whose value is YAML or JSON. A plain text
// in STACK_IMAGE is the base image. A variable with an empty value counts as
// not set. environ is as os.Environ gives it. The result is nil if no variable
// is set.
//
// Other STACK_* variables are no settings and not looked at, except that one
// whose name is nearly that of a setting is a warning.
func FromEnvironment(environ, keys []string) (*Value, diag.List) {
	values := map[string]string{}
	var names []string
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		if _, again := values[name]; again || !strings.HasPrefix(name, "STACK_") || value == "" {
			continue
		}
		values[name] = value
		names = append(names, name)
	}
	var list diag.List
	out := &Value{Kind: Map, Layer: Environment, Range: diag.Range{File: "environment"}}
	known := make([]string, len(keys))
	for i, key := range keys {
		name := variable(key)
		known[i] = name
		text, set := values[name]
		if !set {
			continue
		}
		v, found := fromVariable(name, key, text)
		list = append(list, found...)
		if v != nil && !found.HasErrors() {
			out.Entries = append(out.Entries, Entry{Key: key, Range: v.Range, Value: v})
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if near := nearlySetting(name, known); near != "" {
			list = append(list, diag.At(place(name), diag.SettingIgnored, "%s is no setting and has no effect", name).
				Try(`did you mean "`+near+`"?`).AsWarning())
		}
	}
	if out.Entries == nil {
		return nil, list
	}
	return out, list
}

func variable(key string) string {
	return "STACK_" + strings.ToUpper(strings.ReplaceAll(key, "-", "_"))
}

func place(name string) diag.Range { return diag.Range{File: "environment variable " + name} }

func fromVariable(name, key, text string) (*Value, diag.List) {
	v, list := parseText(place(name).File, text, Environment)
	if v == nil || list.HasErrors() || key != "image" || v.Kind == Map || v.Kind == Null {
		return v, list
	}
	if v.Kind != Scalar || v.Type != String {
		return nil, append(list, diag.At(v.Range, diag.WrongType, "%s must be an image reference or a map of image settings, not %s", name, v.Describe()).
			Try(`write {"base_image": "python:3.12-slim"}`))
	}
	return &Value{Kind: Map, Layer: Environment, Range: v.Range, Entries: []Entry{{Key: "base_image", Range: v.Range, Value: v}}}, list
}

// nearlySetting is the variable that name is likely a slip of. Variables that
// the program and its steps have for other purposes are none.
func nearlySetting(name string, known []string) string {
	if slices.Contains(known, name) {
		return ""
	}
	word := strings.TrimPrefix(name, "STACK_")
	switch word {
	case "STACK", "STEP", "FLOW", "NODE", "RUN", "RUN_ID", "LOG", "ATTEMPT", "PLUGIN", "HOME":
		return ""
	}
	for _, prefix := range []string{"VAR_", "PARAM_", "MATRIX_", "INPUT_", "OUTPUT_", "VALUE_", "TEST_"} {
		if strings.HasPrefix(word, prefix) {
			return ""
		}
	}
	words := make([]string, len(known))
	for i, k := range known {
		words[i] = strings.TrimPrefix(k, "STACK_")
	}
	if near := diag.Nearest(word, words); near != "" {
		return "STACK_" + near
	}
	return ""
}
