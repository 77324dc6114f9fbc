package image

import (
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

// Prune applies, to a merged `image` tree, the rules between fields that
// depend on the layers they were written on, and gives a tree that is ready to
// be decoded into Settings:
//
//   - parent_image and skip_build become base_image and mode, in which they are
//     other spellings; of two spellings the higher layer's counts.
//   - Of base_image and dockerfile the higher layer's counts.
//   - What asks for a build, on layers below the one that chose an image that
//     is taken as it is, goes.
//
// On one layer, contradictions are errors. What is dropped is told as
// information, except where one spelling replaces another. Settings of a later
// version are refused by name.
func Prune(tree *settings.Value) (*settings.Value, diag.List) {
	if tree == nil || tree.Kind != settings.Map {
		return tree, nil
	}
	p := &pruner{entries: slices.Clone(tree.Entries)}
	p.refuseNotBuilt()
	p.spellings()
	p.custom()
	p.bases()
	p.python()
	pruned := *tree
	pruned.Entries = p.entries
	pruned.Removed = append(slices.Clone(tree.Removed), p.removed...)
	return &pruned, p.found
}

type pruner struct {
	entries []settings.Entry
	removed []settings.Entry // what does not count, because of a higher layer
	found   diag.List
}

// get is the entry named, or nil where it is absent or null.
func (p *pruner) get(key string) *settings.Entry {
	for i := range p.entries {
		if p.entries[i].Key == key && p.entries[i].Value != nil && p.entries[i].Value.Kind != settings.Null {
			return &p.entries[i]
		}
	}
	return nil
}

func (p *pruner) remove(key string) {
	p.entries = slices.DeleteFunc(p.entries, func(e settings.Entry) bool { return e.Key == key })
}

// rank is the place of a layer, 0 for the one whose word counts most.
func rank(v *settings.Value) int { return slices.Index(settings.Layers(), v.Layer) }

// conflict is an error about a, which contradicts b on the same layer.
func (p *pruner) conflict(a, b *settings.Entry, format string, args ...any) {
	d := diag.At(a.Value.Range, diag.Conflict, format, args...)
	if b.Value.Range != (diag.Range{}) {
		d.Detail = "The other one is at " + b.Value.Range.String() + "."
	}
	p.found = append(p.found, d.Try("keep one of them"))
}

// dropped tells that e, of a lower layer, does not count because of why.
func (p *pruner) dropped(e, why *settings.Entry) {
	d := diag.At(e.Value.Range, diag.SettingIgnored, "%s, from the layer %s, is dropped: %s, from the layer %s, is used in its place",
		e.Key, e.Value.Layer, why.Key, why.Value.Layer)
	d.Severity = diag.Info
	p.found = append(p.found, d)
}

// refuseNotBuilt refuses, by name, settings that this version does not have,
// also those in maps of settings.
func (p *pruner) refuseNotBuilt() {
	p.entries = refuse(p.entries, ownFields(), "image", &p.found)
}

// ownFields is the fields of Settings, read once: flows have many steps.
var ownFields = sync.OnceValue(func() map[string]reflect.Type { return fieldsOf(reflect.TypeFor[Settings]()) })

// fieldsOf is the types of a struct's fields by their names in files.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := make(map[string]reflect.Type, t.NumField())
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		fields[name] = t.Field(i).Type
	}
	return fields
}

func refuse(entries []settings.Entry, fields map[string]reflect.Type, path string, found *diag.List) []settings.Entry {
	var kept []settings.Entry
	for _, e := range entries {
		field, known := fields[e.Key]
		if known && field.Kind() == reflect.Pointer {
			field = field.Elem()
		}
		switch {
		case known && field == reflect.TypeFor[NotBuilt]():
			if e.Value != nil && e.Value.Kind != settings.Null {
				*found = append(*found, notBuilt(e.Value.Range, path+"."+e.Key))
			}
			continue
		case known && field.Kind() == reflect.Struct && e.Value != nil && e.Value.Kind == settings.Map:
			inner := *e.Value
			inner.Entries = refuse(e.Value.Entries, fieldsOf(field), path+"."+e.Key, found)
			e.Value = &inner
		}
		kept = append(kept, e)
	}
	return kept
}

// spellings leaves one spelling of each setting.
func (p *pruner) spellings() {
	if parent := p.get("parent_image"); parent != nil {
		base := p.get("base_image")
		switch {
		case base == nil || rank(parent.Value) < rank(base.Value):
			moved := settings.Entry{Key: "base_image", Range: parent.Range, Value: parent.Value}
			p.remove("base_image")
			p.remove("parent_image")
			p.entries = append(p.entries, moved)
		case rank(parent.Value) == rank(base.Value) && parent.Value.Text != base.Value.Text:
			p.conflict(parent, base, "parent_image and base_image are two spellings of one setting")
			p.remove("parent_image")
		default:
			p.remove("parent_image")
		}
	}
	skip := p.get("skip_build")
	if skip == nil || skip.Value.Kind != settings.Scalar || skip.Value.Type != settings.Bool {
		return // a wrong type is told when the tree is decoded
	}
	skips := strings.EqualFold(skip.Value.Text, "true")
	mode := p.get("mode")
	agree := mode != nil && skips == (mode.Value.Text == string(Custom))
	switch {
	case agree:
		if rank(skip.Value) < rank(mode.Value) && skips { // the higher layer chose it too
			value := *mode.Value
			value.Layer = skip.Value.Layer
			mode.Value = &value
		}
	case mode != nil && rank(skip.Value) == rank(mode.Value):
		p.conflict(skip, mode, "skip_build: %s contradicts mode: %s", skip.Value.Text, mode.Value.Text)
	case mode == nil && !skips: // that is so anyway
	case mode == nil || rank(skip.Value) < rank(mode.Value):
		value := *skip.Value
		value.Type, value.Text = settings.String, string(Bundled)
		if skips {
			value.Text = string(Custom)
		}
		key := skip.Range
		p.remove("mode")
		p.entries = append(p.entries, settings.Entry{Key: "mode", Range: key, Value: &value})
	}
	p.remove("skip_build")
}

// bases leaves one of base_image and dockerfile.
func (p *pruner) bases() {
	base, file := p.get("base_image"), p.get("dockerfile")
	if base == nil || file == nil {
		return
	}
	switch {
	case rank(base.Value) == rank(file.Value):
		p.conflict(file, base, "dockerfile and base_image exclude each other")
		p.remove("dockerfile")
	case rank(base.Value) > rank(file.Value):
		p.dropped(base, file)
		p.removed = append(p.removed, settings.Removal(*base, file.Value))
		p.remove("base_image")
	default:
		why := *base
		for _, key := range []string{"dockerfile", "build_context_root", "dockerfile_build"} {
			e := p.get(key)
			if e == nil {
				continue
			}
			if was := *e; !p.above(e, &why) {
				p.removed = append(p.removed, settings.Removal(was, why.Value))
				p.remove(key)
			}
		}
	}
}

// python tells that python_version is of the default base alone, where it was
// written with the layer in mind that names another one.
func (p *pruner) python() {
	if mode := p.get("mode"); mode != nil && mode.Value.Text == string(Custom) {
		return
	}
	version := p.get("python_version")
	for _, name := range []string{"base_image", "dockerfile"} {
		own := p.get(name)
		if version == nil || own == nil || rank(version.Value) > rank(own.Value) {
			continue
		}
		d := diag.At(version.Value.Range, diag.SettingIgnored, "python_version has no effect: %s says which Python there is", name)
		d.Severity = diag.Warning
		p.found = append(p.found, d.Try("remove one of the two"))
	}
}
