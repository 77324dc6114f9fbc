package migration

import (
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

// Kitaru reads the [tool.kitaru] table of a pyproject.toml, or a YAML or JSON
// file that holds what KITARU_IMAGE or kitaru.ImageSettings takes: an image's
// fields, or the name of a base image, or those of [tool.kitaru] around them.
func Kitaru(file string, data []byte, o Options) (Result, diag.List) {
	r := &reader{system: "Kitaru", comments: comments{}, params: newParams()}
	l := &level{reader: r, out: mapNode(), included: true}
	p, list := kitaruConfig(file, data, &o)
	r.found = list
	if p.value == nil || list.HasErrors() {
		return Result{}, list
	}
	if !strings.HasSuffix(file, ".toml") {
		r.comments, r.top = readComments(data)
	}
	switch {
	case p.value.Kind == settings.Scalar && p.value.Type == settings.String:
		l.kitaruImage(place{from: "image", key: p.value.Range, value: p.value})
	case p.value.Kind != settings.Map:
		r.found = append(r.found, diag.At(p.value.Range, diag.WrongType, "a configuration of Kitaru is a table or the name of an image, not %s", p.value.Describe()))
	case isKitaruConfig(p.value):
		l.kitaru(p)
	default:
		l.kitaruImage(p)
	}
	if get(l.out, "image") == nil {
		l.kitaruInject(nil)
	}
	return r.finish(l, o)
}

// kitaruConfig finds what concerns Kitaru in a file.
func kitaruConfig(file string, data []byte, o *Options) (place, diag.List) {
	if !strings.HasSuffix(file, ".toml") {
		tree, list := settings.ParseYAML(file, data, settings.Flow)
		return place{value: tree}, list
	}
	tree, list := settings.ParseTOML(file, data)
	if tree == nil {
		return place{}, list
	}
	if name := tree.Get("project").Get("name"); name != nil && name.Kind == settings.Scalar && flowName(name.Text) != "" {
		o.Default = flowName(name.Text)
	}
	table := tree.Get("tool").Get("kitaru")
	if table == nil {
		return place{}, append(list, diag.At(diag.Range{File: file, Line: 1, Column: 1}, diag.MissingField, "%s has no table [tool.kitaru]", file).
			Try("name the pyproject.toml that has it, or a file with the fields of the image"))
	}
	return place{from: "tool.kitaru", value: table}, list
}

// KitaruFields is the fields of KitaruConfig: kitaru/_config/_core.py of
// Kitaru 0.20.2.
func KitaruFields() []string {
	return []string{"stack", "image", "cache", "retries", "server_url", "auth_token", "project"}
}

// KitaruImageFields is the fields of ImageSettings, in the same file.
func KitaruImageFields() []string {
	return []string{
		"base_image", "requirements", "dockerfile", "build_context_root", "environment", "secret_environment_from", "apt_packages",
		"replicate_local_python_environment", "image_tag", "target_repository", "user", "platform",
	}
}

// isKitaruConfig tells a configuration from the fields of an image alone.
func isKitaruConfig(v *settings.Value) bool {
	if v.Range.Line > 0 && v.Layer == settings.Pyproject {
		return true
	}
	for _, key := range append(KitaruFields(), "runner") {
		if v.Get(key) != nil {
			return true
		}
	}
	return false
}

// kitaru reads what stands around the image.
func (l *level) kitaru(p place) {
	for _, e := range p.value.Entries {
		at := p.under(e)
		if e.Value.Kind == settings.Null {
			l.unset(at)
			continue
		}
		switch e.Key {
		case "image":
			l.kitaruImage(at)
		case "retries":
			l.kitaruRetries(at)
		case "stack":
			if text, ok := l.text(at); ok {
				l.leftOut(at, "a flow names no stack: `stack run -s %s`, or default_stack in stacks.hcl", text)
			}
		case "cache":
			l.cache(at)
		case "server_url", "project":
			l.leftOut(at, "there is no server")
		case "auth_token":
			l.leftOut(at, "there is no server; take the token out of the file")
		case "runner":
			l.found = append(l.found, diag.At(e.Range, diag.Deprecated, "runner is named stack since long, and Kitaru refuses it").Try("write stack"))
		default:
			l.unknown(at, e.Key, KitaruFields())
		}
	}
}

func (l *level) kitaruRetries(p place) {
	n, ok := l.integer(p)
	if !ok {
		return
	}
	if n < 0 || n > mostRetries {
		l.bad(p, "retries cannot be %d: it goes from 0 to %d here", n, mostRetries)
		return
	}
	out := mapNode()
	put(out, "max", rawNode("!!int", strconv.FormatInt(n, 10)))
	l.place(l.out, "retry", out, p)
	l.carried(p, "retry.max")
}

// kitaruImage reads ImageSettings, or the name of a base image.
func (l *level) kitaruImage(p place) {
	if p.value.Kind == settings.Scalar {
		if p.value.Type != settings.String {
			l.wrong(p, "the name of an image, or a map")
			return
		}
		l.kitaruText(p, "base_image")
		return
	}
	if !l.isMap(p) {
		return
	}
	l.dockerfile = present(p.value.Get("dockerfile"))
	for _, e := range p.value.Entries {
		at := p.under(e)
		switch key := e.Key; {
		case at.value.Kind == settings.Null && (key == "parent_image" || contains(KitaruImageFields(), key)):
			l.unset(at)
		case key == "parent_image" && p.value.Get("base_image") != nil:
			l.found = append(l.found, diag.At(e.Range, diag.Conflict, "parent_image is another spelling of base_image, which is there too").Try("remove it"))
		case key == "base_image" || key == "parent_image":
			if l.dockerfile {
				l.leftOut(at, "it is not used beside dockerfile")
				continue
			}
			l.kitaruText(at, "base_image")
		default:
			l.kitaruField(at, key)
		}
	}
	l.kitaruInject(p.value)
}

func (l *level) kitaruField(p place, key string) {
	switch key {
	case "requirements":
		if p.value.Kind != settings.List {
			l.wrong(p, "a list")
			return
		}
		l.requirements(p)
	case "environment":
		l.environment(p, "environment", true)
	case "secret_environment_from":
		l.secrets(p)
	case "apt_packages":
		l.setTexts(p, key)
	case "replicate_local_python_environment":
		l.setBool(p, key, "")
	case "build_context_root":
		l.contextRoot(p)
	case "dockerfile":
		l.paths = true
		l.kitaruText(p, key)
	case "image_tag", "target_repository", "user", "platform":
		l.kitaruText(p, key)
	default:
		d := diag.At(p.key, diag.UnknownField, "unknown field %q", key).Because("Kitaru refuses it too.").Try(diag.DidYouMean(key, KitaruImageFields()))
		if d.Suggestion == "" {
			d.Detail += " Known here: " + strings.Join(KitaruImageFields(), ", ") + "."
		}
		l.found = append(l.found, d)
	}
}

// kitaruText carries a text over; Kitaru takes spaces around it away and
// refuses an empty one.
func (l *level) kitaruText(p place, key string) {
	text, ok := l.text(p)
	if !ok {
		return
	}
	if strings.TrimSpace(text) == "" {
		l.bad(p, "%s is empty", orFile(p.from)).Suggestion = "remove it"
		return
	}
	v := *p.value
	v.Text = strings.TrimSpace(text)
	p.value = &v
	l.setText(p, key)
}

var notName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[\[><=!~;@\s]`) })

// kitaruInject writes what Kitaru puts into every image unless the base is the
// user's, or kitaru is among the requirements by its own rule.
func (l *level) kitaruInject(image *settings.Value) {
	if present(image.Get("base_image")) || present(image.Get("parent_image")) || present(image.Get("dockerfile")) || get(get(l.out, "image"), "base_image") != nil {
		return
	}
	if list := image.Get("requirements"); list != nil {
		for _, item := range list.Items {
			if strings.EqualFold(notName().Split(strings.TrimSpace(item.Text), 2)[0], "kitaru") {
				return
			}
		}
	}
	list := listNode()
	list.Content = append(list.Content, textNode("kitaru"))
	put(l.image(), "inject", list)
	l.changed(place{}, "image.inject", "Kitaru puts itself into the image, on ZenML's base image; here the base is python:<python_version>-slim. Remove it once the code does not import kitaru")
}

func present(v *settings.Value) bool { return v != nil && v.Kind != settings.Null }

func contains(list []string, word string) bool {
	for _, w := range list {
		if w == word {
			return true
		}
	}
	return false
}
