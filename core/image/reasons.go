package image

import (
	"sort"
	"strings"

	"github.com/stackrun/stack/core/diag"
)

// Reasons says in which inputs two keys differ, an entry per input and kind of
// change: "~ requirements (torch 2.6.0 → 2.7.1)", "+ apt_packages (git)",
// "- source (old.py)". It is empty where nothing is known of old.
func Reasons(old, new Inputs) []string {
	if len(old) == 0 {
		return nil
	}
	var reasons []string
	for _, name := range namesOf(old, new) {
		was, had := old[name]
		is, has := new[name]
		switch {
		case name == "layers" && !(had && has): // its layers are told
		case !had:
			reasons = append(reasons, whole("+", name, is))
		case !has:
			reasons = append(reasons, whole("-", name, was))
		case digestOnly(was) != digestOnly(is):
			reasons = append(reasons, difference(name, was, is)...)
		}
	}
	return reasons
}

// namesOf is the names of both, in the order in which images are built.
func namesOf(a, b Inputs) []string {
	order := map[string]int{}
	for i, name := range []string{"recipe", "platform", "base_image", "dockerfile", "dockerfile_build.args", "dockerfile_build.labels",
		"dockerfile_build.options", "build_context_root", "build_secrets", "workdir", "build.args", "build.options", "environment", "apt_packages",
		"local_environment", "stack_requirements", "required_integrations", "pyproject", "uv_project", "uv_script", "requirements",
		"copy", "commands", "layers.*", "layers", "user", "source", "local_project_install_command", "runtime_environment", "build.labels"} {
		order[name] = i - 100
	}
	seen := map[string]bool{}
	var names []string
	for _, m := range []Inputs{a, b} {
		for name := range m {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	place := func(name string) int {
		if strings.HasPrefix(name, layerPrefix) {
			name = "layers.*"
		}
		return order[name]
	}
	sort.Slice(names, func(i, j int) bool {
		if place(names[i]) != place(names[j]) {
			return place(names[i]) < place(names[j])
		}
		return names[i] < names[j]
	})
	return names
}

func kindAndLines(value string) (partKind, []string) {
	if value == "" {
		return 0, nil
	}
	_, rest, more := strings.Cut(value, "\n")
	if !more || rest == "" {
		return partKind(value[0]), nil
	}
	return partKind(value[0]), strings.Split(rest, "\n")
}

// whole is the reason for an input that is new or gone.
func whole(sign, name, value string) string {
	kind, lines := kindAndLines(value)
	if kind == filesPart || len(lines) == 0 {
		return sign + " " + name
	}
	var items []string
	for _, l := range lines {
		items = append(items, label(kind, l))
	}
	return sign + " " + name + " (" + diag.Few(items) + ")"
}

// difference is the reasons for an input that differs.
func difference(name, was, is string) []string {
	kind, before := kindAndLines(was)
	_, after := kindAndLines(is)
	if before == nil || after == nil {
		return []string{"~ " + name}
	}
	switch {
	case kind == exactPart:
		return []string{"~ " + name + " (" + clip(before[0]) + " → " + clip(after[0]) + ")"}
	case kind == basePart && len(before) == 1 && len(after) == 1:
		from, _, _ := strings.Cut(before[0], "@")
		to, _, _ := strings.Cut(after[0], "@")
		if from == to {
			return []string{"~ " + name + " (digest)"}
		}
		return []string{"~ " + name + " (" + from + " → " + to + ")"}
	}
	changed, added, removed := compare(kind, before, after)
	if kind == orderPart {
		if added != nil || removed != nil {
			return nil // which is told
		}
		return []string{"~ " + name + " (order)"}
	}
	var reasons []string
	for _, r := range []struct {
		sign  string
		items []string
	}{{"~", changed}, {"+", added}, {"-", removed}} {
		if len(r.items) > 0 {
			reasons = append(reasons, r.sign+" "+name+" ("+diag.Few(r.items)+")")
		}
	}
	if reasons == nil {
		return []string{"~ " + name} // their order, or what is not shown
	}
	return reasons
}

// compare matches lines by what they are about, and tells what changed, came
// and went.
func compare(kind partKind, before, after []string) (changed, added, removed []string) {
	old := map[string][]string{}
	for _, l := range before {
		old[subject(kind, l)] = append(old[subject(kind, l)], l)
	}
	for _, l := range after {
		s := subject(kind, l)
		if len(old[s]) == 0 {
			added = append(added, label(kind, l))
			continue
		}
		was := old[s][0]
		old[s] = old[s][1:]
		if was != l {
			changed = append(changed, change(kind, was, l))
		}
	}
	for _, l := range before {
		s := subject(kind, l)
		if len(old[s]) > 0 {
			removed = append(removed, label(kind, old[s][0]))
			old[s] = old[s][1:]
		}
	}
	return changed, added, removed
}

// subject is what a line is about.
func subject(kind partKind, l string) string {
	switch kind {
	case filesPart:
		_, path, _ := strings.Cut(l, " ")
		return path
	case namesPartKind:
		name, _, _ := strings.Cut(l, "=")
		return name
	case basePart:
		reference, _, _ := strings.Cut(l, "@")
		return reference
	case requirementsPart:
		if strings.HasPrefix(l, secretLine) {
			return l
		}
		if option, _, ok := strings.Cut(l, "="); ok && strings.HasPrefix(l, "-") {
			return option
		}
		return normalized(l)
	}
	return l
}

// label is how a line is named where it came or went.
func label(kind partKind, l string) string {
	switch kind {
	case filesPart, namesPartKind, basePart:
		return subject(kind, l)
	}
	return clip(l)
}

// change is how a line is named that is about the same and differs.
func change(kind partKind, was, is string) string {
	switch kind {
	case requirementsPart:
	case basePart:
		return label(kind, is) + " digest"
	default:
		return label(kind, is)
	}
	if strings.HasPrefix(is, "-") {
		return subject(kind, is)
	}
	name, from := splitRequirement(was)
	_, to := splitRequirement(is)
	if from == to {
		return clip(is)
	}
	pin := func(s string) string { return strings.TrimPrefix(s, "==") }
	if !strings.HasPrefix(from, "==") || !strings.HasPrefix(to, "==") {
		pin = func(s string) string {
			if s == "" {
				return "any"
			}
			return s
		}
	}
	return clip(name + " " + pin(from) + " → " + pin(to))
}

func clip(s string) string {
	const most = 80
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return s
}
