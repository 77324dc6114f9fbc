package migration

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

func (l *level) packageInstaller(p place) {
	text, ok := l.text(p)
	if !ok {
		return
	}
	if text != "uv" && text != "pip" {
		l.bad(p, "python_package_installer cannot be %q: it is uv or pip", text).Suggestion = diag.DidYouMean(text, []string{"uv", "pip"})
		return
	}
	l.setText(p, "python_package_installer")
}

// settled is options of an installer that say where and what to install, which
// is not for a user to say here.
func settled() []string {
	return []string{"python", "target", "prefix", "root", "user", "requirement", "requirements", "r", "editable", "e", "dry-run"}
}

func (l *level) installerArgs(p place) {
	if !l.isMap(p) {
		return
	}
	args, to := mapNode(), l.path("python_package_installer_args")
	for _, e := range p.value.Entries {
		at := p.under(e)
		name := strings.TrimLeft(e.Key, "-")
		switch {
		case slices.Contains(settled(), name):
			l.leftOut(at, "where and what to install is settled by stack")
		case e.Value.Kind == settings.Null:
			l.place(args, name, rawNode("!!null", "null"), at)
			l.carried(at, join(to, name))
		case e.Value.Kind != settings.Scalar:
			l.wrong(at, "a single value, or null for an option without one")
		default:
			text, differs := l.asText(e.Value)
			l.option(args, at, to, name, text, differs)
		}
	}
	if len(args.Content) > 0 {
		l.place(l.image(), "python_package_installer_args", args, p)
	}
}

// option carries one option of the installer over.
func (l *level) option(args *yaml.Node, p place, to, name, text string, differs bool) {
	if strings.Contains(name, "index") && (holdsSecret(text) || secretURL().MatchString(text)) {
		l.indexSecret(p, map[bool]string{true: "PIP_EXTRA_INDEX_URL", false: "PIP_INDEX_URL"}[strings.Contains(name, "extra")])
		return
	}
	if holdsSecret(text) {
		l.leftOut(p, "it holds a credential, which no image setting may: see build_secrets")
		return
	}
	plain := !reference().MatchString(text)
	text, ok := l.filled(p, join(to, name), text)
	if !ok {
		return
	}
	l.place(args, name, textNode(text), p)
	switch {
	case differs:
		l.changed(p, join(to, name), "Python makes %q of %s", text, p.value.Describe())
	case plain:
		l.carried(p, join(to, name))
	}
}

// replicate carries the ways of exporting an environment over: a boolean, the
// name of a way, or a command.
func (l *level) replicate(p place) {
	const key = "replicate_local_python_environment"
	if p.value.Kind == settings.List {
		if list := l.listOf(p, l.path("pyproject_export_command")); list != nil {
			l.export(p, list, "it is a command that prints requirements")
		}
		return
	}
	text, ok := l.text(p)
	if !ok {
		return
	}
	switch text {
	case "pip_freeze", "uv_freeze":
		l.place(l.image(), key, boolNode(true), p)
		l.carried(p, l.path(key))
	case "poetry_export":
		list := listNode()
		for _, word := range []string{"poetry", "export", "--format=requirements.txt"} {
			list.Content = append(list.Content, textNode(word))
		}
		l.export(p, list, "poetry is asked to export")
	default:
		if near := diag.DidYouMean(text, []string{"pip_freeze", "uv_freeze", "poetry_export"}); near != "" && strings.Contains(text, "_") {
			l.bad(p, "%s cannot be %q", key, text).Suggestion = near
			return
		}
		l.setBool(p, key, "")
	}
}

func (l *level) exportCommand(p place) {
	list := l.listOf(p, l.path("pyproject_export_command"))
	if list == nil {
		return
	}
	l.place(l.image(), "pyproject_export_command", list, p)
	if l.said.Get("pyproject_path") == nil {
		l.changed(p, l.path("pyproject_export_command"), "ZenML uses it with pyproject_path alone; here it exports pyproject.toml of the source root without it")
		return
	}
	l.carried(p, l.path("pyproject_export_command"))
}

// export writes a command in place of replicate_local_python_environment.
func (l *level) export(p place, command *yaml.Node, how string) {
	if l.said.Get("pyproject_path") != nil || l.said.Get("pyproject_export_command") != nil {
		l.leftOut(p, "pyproject_path and pyproject_export_command are set too, and one export is all there is here")
		return
	}
	l.place(l.image(), "pyproject_path", textNode("pyproject.toml"), p)
	put(l.image(), "pyproject_export_command", command)
	l.changed(p, l.path("pyproject_export_command"), "%s; it is run beside the pyproject.toml of the source", how)
}

func (l *level) integrations(p place) {
	items, ok := l.texts(p)
	if !ok {
		return
	}
	l.setTexts(p, "required_integrations")
	var blocks []string
	for _, item := range items {
		blocks = append(blocks, `integration "`+item.value.Text+`" { requirements = [...] }`)
	}
	if len(blocks) > 0 {
		l.toDo(p, l.path("required_integrations"), "integrations are blocks of stacks.hcl: write %s; `zenml integration requirements NAME` lists what goes into it", strings.Join(blocks, ", "))
	}
}
