package migration

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

// optionNames is the build options that ZenML knows or passes on to docker
// build, in the spellings of the command line and of the Python SDK, and what
// each is here. Empty has no counterpart.
func optionNames() map[string]string {
	return map[string]string{
		"build_args": "args", "buildargs": "args", "labels": "labels", "label": "labels",
		"target": "target", "no_cache": "no_cache", "nocache": "no_cache", "pull": "pull",
		"cache_from": "cache_from", "cachefrom": "cache_from", "cache_to": "cache_to",
		"shm_size": "shm_size", "shmsize": "shm_size", "network": "network", "network_mode": "network",
		"extra_hosts": "extra_hosts", "add_host": "extra_hosts", "platform": "platform",
		"rm": "", "forcerm": "", "quiet": "", "squash": "", "timeout": "", "isolation": "", "use_config_proxy": "",
		"gzip": "", "decode": "", "encoding": "", "container_limits": "", "custom_context": "", "secret": "", "ssh": "",
	}
}

// whyNot is why a known option has no counterpart.
func whyNot(name string) string {
	switch name {
	case "rm", "forcerm":
		return "builds leave no containers behind"
	case "secret", "ssh":
		return "see build_secrets"
	case "quiet":
		return "`--progress none` says less"
	case "timeout":
		return "a build goes on until it ends or is interrupted"
	case "use_config_proxy":
		return "a proxy is set in the image_builder block of stacks.hcl"
	}
	return "there is no such option"
}

// buildConfig carries build_config (to "build") or parent_image_build_config
// (to "dockerfile_build") over.
func (l *level) buildConfig(p place, to string) {
	if !l.isMap(p) {
		return
	}
	if to == "dockerfile_build" && !l.dockerfile {
		l.leftOut(p, "ZenML reads it for dockerfile alone")
		return
	}
	for _, e := range p.value.Entries {
		at := p.under(e)
		switch {
		case e.Key != "build_options" && e.Key != "dockerignore":
			l.unknown(at, e.Key, []string{"build_options", "dockerignore"})
		case l.unset(at):
		case e.Key == "build_options":
			l.buildOptions(at, to)
		case to == "build":
			l.setPath(at, "dockerignore")
		default:
			l.ignoreFile(at)
		}
	}
}

// ignoreFile carries the dockerignore of the Dockerfile's own build over.
func (l *level) ignoreFile(p place) {
	text, ok := l.text(p)
	if !ok {
		return
	}
	to := l.path("dockerfile_build.dockerignore")
	plain := !reference().MatchString(text)
	if text, ok = l.filled(p, to, text); !ok {
		return
	}
	l.paths = l.paths || !strings.HasPrefix(text, "/")
	l.place(child(l.image(), "dockerfile_build"), "dockerignore", textNode(text), p)
	if plain {
		l.carried(p, to)
	}
}

// buildOptions carries options of docker build over.
func (l *level) buildOptions(p place, to string) {
	if !l.isMap(p) {
		return
	}
	for _, e := range p.value.Entries {
		at := p.under(e)
		name, known := optionNames()[strings.ReplaceAll(e.Key, "-", "_")]
		if !known {
			var all []string
			for option := range optionNames() {
				all = append(all, option)
			}
			if near := diag.DidYouMean(e.Key, all); near != "" {
				l.found = append(l.found, diag.At(e.Range, diag.UnknownField, "unknown build option %q", e.Key).AsWarning().
					Because("It was not carried over.").Try(near))
			}
			l.leftOut(at, "ZenML passes it on to docker build as it is; there is no such option here")
			continue
		}
		switch {
		case name == "":
			l.leftOut(at, "%s", whyNot(strings.ReplaceAll(e.Key, "-", "_")))
		case l.unset(at):
		case name == "platform":
			l.setText(at, "platform")
		case name == "target" && to == "build":
			l.leftOut(at, "the generated Dockerfile has one stage")
		default:
			l.buildOption(at, to, name)
		}
	}
}

// buildOption carries one option over, by its shape.
func (l *level) buildOption(p place, block, name string) {
	to := l.path(block + "." + name)
	detail := ""
	var n *yaml.Node
	switch name {
	case "args", "labels", "extra_hosts":
		n = l.options(p, to, name)
	case "no_cache", "pull":
		b, ok := l.boolean(p)
		if !ok {
			return
		}
		n = boolNode(b)
		if name == "pull" && block == "build" {
			detail = "ZenML overwrites it in this build; here it holds"
		}
	case "cache_from", "cache_to":
		n = l.listOf(p, to)
	case "shm_size":
		text, ok := l.text(p)
		if !ok {
			return
		}
		n = textNode(text)
		if p.value.Type == settings.Int {
			n = rawNode("!!int", text)
		}
	default:
		text, ok := l.text(p)
		if !ok {
			return
		}
		if holdsSecret(text) {
			l.leftOut(p, "it holds a credential: see build_secrets")
			return
		}
		if text, ok = l.filled(p, to, text); !ok {
			return
		}
		n = textNode(text)
	}
	if n == nil || len(n.Content) == 0 && n.Kind == yaml.MappingNode {
		return // nothing in it, or nothing that was carried over
	}
	l.place(child(l.image(), block), name, n, p)
	if detail != "" {
		l.changed(p, to, "%s", detail)
		return
	}
	l.carried(p, to)
}

// options is a map of names to texts, or a list of NAME:ADDRESS.
func (l *level) options(p place, to, name string) *yaml.Node {
	if p.value.Kind == settings.List && name == "extra_hosts" {
		return l.listOf(p, to)
	}
	if !l.isMap(p) {
		return nil
	}
	m, list := mapNode(), listNode()
	for _, e := range p.value.Entries {
		at := p.under(e)
		if e.Value.Kind == settings.Null && name == "args" {
			l.leftOut(at, "ZenML passes the text None; write the value that is meant, such as ${%s}", e.Key)
			continue
		}
		if e.Value.Kind != settings.Scalar {
			l.wrong(at, "a text")
			continue
		}
		text, differs := l.asText(e.Value)
		if holdsSecret(text) || secretURL().MatchString(text) {
			l.leftOut(at, "it holds a credential, and build arguments are in the history of the image: see build_secrets")
			continue
		}
		ok := true
		if name == "args" {
			if text, ok = expanded(text); !ok {
				l.leftOut(at, "%q cannot be said in a flow", e.Value.Text)
			}
		} else {
			text, ok = l.filled(at, join(to, e.Key), text)
		}
		if !ok {
			continue
		}
		if differs {
			l.changed(at, join(to, e.Key), "Python makes %q of %s", text, e.Value.Describe())
		}
		l.place(m, e.Key, textNode(text), at)
		list.Content = append(list.Content, textNode(e.Key+":"+text))
	}
	if name == "extra_hosts" {
		return list
	}
	return m
}

// oldBuildOptions carries the deprecated build_options of Docker settings over.
func (l *level) oldBuildOptions(p place) {
	block, newer := "build", "build_config"
	if l.dockerfile {
		block, newer = "dockerfile_build", "parent_image_build_config"
	}
	if l.said.Get(newer).Get("build_options") != nil {
		l.leftOut(p, "%s.build_options is set too", newer)
		return
	}
	l.changed(p, l.path(block), "ZenML does not read this spelling any more; here it has an effect")
	l.buildOptions(p, block)
}

// oldDockerignore carries the deprecated dockerignore over, which ZenML reads
// where build_config has none.
func (l *level) oldDockerignore(p place) {
	if l.said.Get("build_config").Get("dockerignore") != nil {
		l.leftOut(p, "build_config.dockerignore is set too, and counts")
		return
	}
	l.setPath(p, "dockerignore")
}
