package migration

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/stackrun/stack/core/diag"
)

// order is the order of the keys of a flow and of a step.
func order() []string {
	return []string{"version", "name", "params", "run", "image", "resources", "retry", "timeout", "nodes", "fail", "steps"}
}

// finish writes the flow, unless something was wrong.
func (r *reader) finish(l *level, o Options) (Result, diag.List) {
	name := r.flowName(o)
	if r.found.HasErrors() {
		return Result{}, r.found
	}
	l.programs()
	put(l.out, "version", rawNode("!!int", "1"))
	put(l.out, "name", textNode(name))
	if params := r.params.declared(); len(params.Content) > 0 {
		put(l.out, "params", params)
	}
	for _, each := range append([]*level{l}, l.written...) {
		each.tidy()
	}
	if r.paths {
		r.toDo(place{}, "", "paths are read from the source root, which is the folder of the flow, or the one above it that holds .stack")
	}
	text, err := encode(l.out, r.header(o))
	if err != nil {
		return Result{}, append(r.found, diag.New(diag.Internal, "the flow cannot be written: %v", err))
	}
	r.verify(o.Out, text)
	return Result{Name: name, Flow: text, Notes: r.notes}, r.found
}

// flowName is the name that the flow gets.
func (r *reader) flowName(o Options) string {
	if o.Name == "" {
		if name := flowName(o.Default); name != "" {
			return name
		}
		return "flow"
	}
	if near := flowName(o.Name); near != o.Name {
		d := diag.New(diag.BadName, "%q cannot be the name of a flow", o.Name).
			Because("Names have lower-case letters, digits, - and _, begin with a letter and have %d characters at most.", longestName)
		if near != "" {
			d = d.Try(`write "` + near + `"`)
		}
		r.found = append(r.found, d)
	}
	return o.Name
}

// programs gives every step a command, which says that it is to be written:
// the other system's steps are functions, and what starts them here is not in
// the file. The flow can be planned and built as it is.
func (l *level) programs() {
	if get(l.out, "steps") == nil {
		step := *l
		step.above, step.out, step.to, step.later = l, mapNode(), "steps.main", nil
		put(child(l.out, "steps"), "main", step.out)
		l.written = append(l.written, &step)
	}
	for _, step := range l.written {
		name := strings.TrimPrefix(step.to, "steps.")
		run := textNode("echo \"step " + name + ": its command is not written yet\" >&2\nexit 2\n")
		put(step.out, "run", run)
		l.toDo(place{}, step.to+".run", "write the step's command; until then it fails")
	}
	if len(l.written) > 1 {
		l.toDo(place{}, "steps", "write which step needs which: needs: [STEP], or inputs: {NAME: STEP.OUTPUT}. %s's graph is in the code", l.system)
	}
}

// tidy puts the keys in order, and what cannot be said yet into a comment.
func (l *level) tidy() {
	var sorted []*yaml.Node
	for _, key := range order() {
		if v := get(l.out, key); v != nil && (key != "image" && key != "resources" || len(v.Content) > 0) {
			sorted = append(sorted, keyOf(l.out, key), v)
		}
	}
	l.out.Content = sorted
	if len(l.later) == 0 {
		return
	}
	at := l.out.Content[0]
	if k := keyOf(l.out, "image"); k != nil && len(get(l.out, "image").Content) > 0 {
		at = k
	}
	at.HeadComment = strings.TrimLeft(at.HeadComment+"\n", "\n") + asComment("image, once stack has it:\n"+strings.Join(l.later, "\n"))
}

// header is what the flow begins with.
func (r *reader) header(o Options) string {
	out := "# Written by `" + diag.Printable(o.Command) + "`.\n"
	if r.top != "" && !holdsSecret(r.top) {
		out = r.top + "\n\n" + out
	}
	var left []string
	for _, n := range r.notes {
		if n.Kind == LeftOut && n.From != "" && !slices.Contains(left, n.From) {
			left = append(left, diag.Printable(n.From))
		}
	}
	if len(left) == 0 {
		return out
	}
	line := "# Not carried over:"
	for i, name := range left {
		if i < len(left)-1 {
			name += ","
		}
		if len(line)+len(name) > 78 {
			out += line + "\n"
			line = "#  "
		}
		line += " " + name
	}
	return out + line + "\n"
}
