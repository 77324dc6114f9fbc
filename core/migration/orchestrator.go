package migration

import (
	"github.com/stackrun/stack/core/settings"
)

// orchestrator deals with the settings of an orchestrator or a step operator.
func (l *level) orchestrator(p place, flavor string) {
	if l.unset(p) || !l.isMap(p) {
		return
	}
	for _, e := range p.value.Entries {
		at := p.under(e)
		if e.Value.Kind == settings.Null {
			l.unset(at)
			continue
		}
		l.leftOut(at, "it belongs to the platform: see the orchestrator block of stacks.hcl")
	}
	_ = flavor
}
