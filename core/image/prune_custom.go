package image

import (
	"slices"
	"strings"

	"github.com/stackrun/stack/core/settings"
)

// keptByCustom is the settings that have a meaning for an image that is taken
// as it is.
func keptByCustom(key string) bool {
	switch key {
	case "mode", "skip_build", "base_image", "platform", "runtime_environment", "secret_environment_from", "python_version",
		"python_package_installer", "install_stack_requirements", "disable_automatic_requirements_detection":
		return true
	}
	return strings.HasPrefix(key, "allow_")
}

// custom drops what lower layers wanted to build.
func (p *pruner) custom() {
	mode := p.get("mode")
	if mode == nil || mode.Value.Text != string(Custom) {
		return
	}
	why := *mode
	why.Key = "mode custom"
	var kept []settings.Entry
	for _, e := range p.entries {
		was := e
		if keptByCustom(e.Key) || e.Value == nil || p.above(&e, &why) {
			kept = append(kept, e)
		} else {
			p.removed = append(p.removed, settings.Removal(was, why.Value))
		}
	}
	p.entries = kept
}

// above takes out of e what layers below the one of why wrote, and reports
// whether anything of e is left. A merged map has the layer of the highest that
// spoke of it, so that each of its entries counts by its own; an empty map asks
// for nothing.
func (p *pruner) above(e, why *settings.Entry) bool {
	switch {
	case e.Value.Kind == settings.Null:
		return true
	case rank(e.Value) > rank(why.Value):
		p.dropped(e, why)
		return false
	case e.Value.Kind != settings.Map:
		return true
	}
	left := *e.Value
	left.Entries = nil
	for _, inner := range e.Value.Entries {
		whole := settings.Entry{Key: e.Key + "." + inner.Key, Range: inner.Range, Value: inner.Value}
		if p.above(&whole, why) {
			left.Entries = append(left.Entries, settings.Entry{Key: inner.Key, Range: inner.Range, Value: whole.Value})
		} else {
			left.Removed = append(slices.Clone(left.Removed), settings.Removal(inner, why.Value))
		}
	}
	e.Value = &left
	return len(left.Entries) > 0
}
