package migration

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

// environment carries variables over. docker says that they are of Docker
// settings, whose names ZenML writes in upper case into the Dockerfile.
func (l *level) environment(p place, key string, docker bool) {
	if l.unset(p) || !l.isMap(p) {
		return
	}
	vars := child(l.image(), key)
	l.comments.give(keyOf(l.image(), key), p.key)
	for _, e := range p.value.Entries {
		at := p.under(e)
		name := e.Key
		if docker {
			name = strings.ToUpper(name)
		}
		if !variable().MatchString(name) {
			d := diag.At(e.Range, diag.BadName, "%q cannot be the name of an environment variable", e.Key)
			d.Detail = "Names are [A-Za-z_][A-Za-z0-9_]*."
			l.found = append(l.found, d)
			continue
		}
		if at.value.Kind != settings.Scalar && at.value.Kind != settings.Null {
			l.leftOut(at, "ZenML sets the Python text of a list or a map; write the text that is meant")
			continue
		}
		l.variable(vars, at, key, name)
	}
	if len(vars.Content) == 0 && len(p.value.Entries) > 0 {
		drop(l.image(), key)
	}
}

// variable carries one variable over.
func (l *level) variable(vars *yaml.Node, p place, key, name string) {
	to := join(l.path(key), name)
	text, differs := p.value.Text, false
	if l.parsed {
		text, differs = l.asText(p.value)
	}
	if l.secretVariable(p, key, name, text) {
		return
	}
	value, ok := expanded(text)
	if !ok {
		l.leftOut(p, "%q cannot be said in a flow", text)
		return
	}
	if get(vars, name) != nil {
		l.changed(p, to, "%s is set twice once names are in upper case; the later value counts, as in ZenML", name)
	}
	n := textNode(value)
	l.place(vars, name, n, p)
	switch {
	case differs:
		l.changed(p, to, "ZenML sets %q, which is what Python makes of %s", text, p.value.Describe())
	case name != lastPart(p.from):
		l.changed(p, to, "ZenML sets the name in upper case, so it is %s here; write it in lower case if programs should see that", name)
	default:
		l.carried(p, to)
	}
	if soundsSecret(name) {
		l.toDo(p, to, "if %s is a secret, take it out: anybody who can read the image can read it. build_secrets is for builds, secret_environment_from for steps", name)
	}
}

// secretVariable deals with a variable that holds a credential, and reports
// whether it did.
func (l *level) secretVariable(p place, key, name, text string) bool {
	in := holdsSecret(text) || secretURL().MatchString(text)
	switch {
	case !in:
		return false
	case key == "environment" && isIndex(name):
		l.indexSecret(p, name)
	case key == "environment":
		l.secret(name)
		l.changed(p, l.path("build_secrets"), "it holds a credential, so it is a secret of the build now: not in the image, and not set for the running step")
		l.toDo(p, l.path("build_secrets"), "set %s to its value where you run stack; if steps need it too, that is secret_environment_from, which is not available in this version", name)
	default:
		l.leftOut(p, "it holds a credential, which would be readable in the image: give it to steps with secret_environment_from, which is not available in this version")
	}
	return true
}

// isIndex reports whether an installer reads the address of an index in a
// variable.
func isIndex(name string) bool {
	switch name {
	case "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX":
		return true
	}
	return false
}

func lastPart(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// drop takes a key out of a map.
func drop(m *yaml.Node, key string) {
	for i := 0; i < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			m.Content = append(m.Content[:i:i], m.Content[i+2:]...)
			return
		}
	}
}
