package migration

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/stackrun/stack/core/settings"
)

// level is the flow or one of its steps, as it is written.
type level struct {
	*reader
	out   *yaml.Node      // the map of the flow, or of the step
	to    string          // path of out in the flow: empty, or "steps.NAME"
	above *level          // the flow's, of a step
	said  *settings.Value // settings.docker of this level, or nil

	later   []string // settings that this version refuses, for a comment
	written []*level // the steps, of the flow

	// What holds once the levels are merged, which decides whether a setting
	// has an effect.
	dockerfile bool
	skip       bool
	included   bool // code may be put into images
	gpus       *int64
	gpuClass   string
}

// image is the map of image settings.
func (l *level) image() *yaml.Node { return child(l.out, "image") }

// path is where an image setting is in the flow.
func (l *level) path(key string) string { return join(l.to, "image."+key) }

// setText carries a text over as it is, variables in it as params.
func (l *level) setText(p place, key string) {
	text, ok := l.text(p)
	if !ok {
		return
	}
	if strings.TrimSpace(text) == "" {
		l.leftOut(p, "it is empty")
		return
	}
	if holdsSecret(text) {
		l.leftOut(p, "it holds a credential, which no image setting may: see build_secrets")
		return
	}
	plain := !reference().MatchString(text)
	if text, ok = l.filled(p, l.path(key), text); !ok {
		return
	}
	l.place(l.image(), key, textNode(text), p)
	if plain {
		l.carried(p, l.path(key))
	}
}

// setPath carries the path of a file over.
func (l *level) setPath(p place, key string) {
	if p.value.Kind == settings.Scalar && !strings.HasPrefix(p.value.Text, "/") {
		l.paths = true
	}
	l.setText(p, key)
}

// setBool carries a boolean over, under its name here.
func (l *level) setBool(p place, key, detail string) {
	b, ok := l.boolean(p)
	if !ok {
		return
	}
	l.place(l.image(), key, boolNode(b), p)
	if detail != "" {
		l.changed(p, l.path(key), "%s", detail)
		return
	}
	l.carried(p, l.path(key))
}

// setTexts carries a list of texts over.
func (l *level) setTexts(p place, key string) {
	if list := l.listOf(p, l.path(key)); list != nil {
		l.place(l.image(), key, list, p)
		l.carried(p, l.path(key))
	}
}

// listOf is the list at p, variables in it as params, or nil.
func (l *level) listOf(p place, to string) *yaml.Node {
	items, ok := l.texts(p)
	if !ok {
		return nil
	}
	list := listNode()
	for i, item := range items {
		text, ok := l.filled(item, to+"["+strconv.Itoa(i)+"]", item.value.Text)
		if !ok {
			continue
		}
		if holdsSecret(text) {
			l.leftOut(item, "it holds a credential, which no image setting may: see build_secrets")
			continue
		}
		n := textNode(text)
		l.comments.give(n, item.key)
		list.Content = append(list.Content, n)
	}
	return list
}
