package migration

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/stackrun/stack/core/settings"
)

// requirements carries a list of requirements, or the path of a file, over.
func (l *level) requirements(p place) {
	if p.value.Kind == settings.Scalar {
		l.setPath(p, "requirements")
		return
	}
	items, ok := l.texts(p)
	if !ok {
		return
	}
	list, to := listNode(), l.path("requirements")
	for _, item := range items {
		text := strings.TrimSpace(item.value.Text)
		switch {
		case text == "":
			l.leftOut(item, "it is empty")
			continue
		case strings.HasPrefix(text, "-"):
			if l.requirementOption(item, text) {
				continue
			}
		case secretURL().MatchString(text):
			l.sourceSecret(item, text)
		case holdsSecret(text):
			l.leftOut(item, "it holds a credential: write the URL with ${NAME} in its place, and build_secrets: [{name: NAME}]")
			continue
		default:
			if text, ok = l.filled(item, to+"["+strconv.Itoa(len(list.Content))+"]", text); !ok {
				continue
			}
		}
		n := textNode(text)
		l.comments.give(n, item.key)
		list.Content = append(list.Content, n)
	}
	l.place(l.image(), "requirements", list, p)
	l.carried(p, to)
}

// sourceSecret has the build know the variables in the URL of a requirement,
// which both installers fill in.
func (l *level) sourceSecret(p place, text string) {
	for _, m := range reference().FindAllStringSubmatch(text, -1) {
		l.secret(m[1])
		l.changed(p, l.path("build_secrets"), "%s is a secret of the build now: the installer fills it in, and it is in no layer", m[1])
	}
}

// requirementOption carries an option that stands among the requirements over,
// and reports whether it has been dealt with.
func (l *level) requirementOption(p place, text string) bool {
	name, value, _ := strings.Cut(text, "=")
	if words := strings.Fields(text); len(words) > 0 && !strings.HasPrefix(words[0], name) || strings.ContainsAny(name, " \t") {
		name, value = words[0], strings.Join(words[1:], " ")
	}
	value = strings.TrimSpace(value)
	switch name {
	case "-r", "--requirement", "-c", "--constraint":
		l.paths = true
		return false
	case "-i", "--index-url", "--extra-index-url":
		l.index(p, strings.Contains(name, "extra"), value)
	case "--pre":
		put(l.image(), "pre", boolNode(true))
		l.carried(p, l.path("pre"))
	case "-f", "--find-links":
		put(child(l.image(), "python_package_installer_args"), "find-links", textNode(value))
		l.carried(p, l.path("python_package_installer_args.find-links"))
	case "-e", "--editable":
		l.leftOut(p, "nothing is installed in place: see local_project_install_command")
	default:
		l.leftOut(p, "options are not written among requirements: see python_package_installer_args")
	}
	return true
}

// index carries the address of a package index over.
func (l *level) index(p place, extra bool, url string) {
	key, variable := "index_url", "PIP_INDEX_URL"
	if extra {
		key, variable = "extra_index_urls", "PIP_EXTRA_INDEX_URL"
	}
	if holdsSecret(url) || secretURL().MatchString(url) {
		l.indexSecret(p, variable)
		return
	}
	plain := !reference().MatchString(url)
	url, ok := l.filled(p, l.path(key), url)
	if !ok {
		return
	}
	if extra {
		list := get(l.image(), key)
		if list == nil {
			list = listNode()
			put(l.image(), key, list)
		}
		list.Content = append(list.Content, textNode(url))
	} else {
		put(l.image(), key, textNode(url))
	}
	if plain {
		l.carried(p, l.path(key))
	}
}

// indexSecret makes the address of a package index with credentials in it a
// secret of the build.
func (l *level) indexSecret(p place, variable string) {
	l.secret(variable)
	l.changed(p, l.path("build_secrets"), "it holds credentials, so it is a secret of the build now, and neither in the image nor set for the running step")
	l.toDo(p, l.path("build_secrets"), "set %s to the whole address where you run stack", variable)
}

// secret adds to build_secrets, each name once.
func (l *level) secret(name string) {
	list := get(l.image(), "build_secrets")
	if list == nil {
		list = listNode()
		if l.above != nil { // a step's list replaces the flow's
			if flow := get(get(l.above.out, "image"), "build_secrets"); flow != nil {
				list.Content = append(list.Content, flow.Content...)
			}
		}
		put(l.image(), "build_secrets", list)
	}
	for _, have := range list.Content {
		if get(have, "name").Value == name {
			return
		}
	}
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Style: yaml.FlowStyle}
	put(n, "name", textNode(name))
	list.Content = append(list.Content, n)
}
