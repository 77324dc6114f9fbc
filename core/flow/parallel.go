package flow

import (
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

// Parallel is how many variants of a step may run at once, 1 or more.
type Parallel int

// UnmarshalSetting reads a whole number in range.
func (p *Parallel) UnmarshalSetting(v *settings.Value) diag.List {
	return bounded(v, "max_parallel", 1, MostSteps, (*int)(p))
}

// JSONSchema is a whole number in range.
func (Parallel) JSONSchema() map[string]any { return integerSchema(1, MostSteps) }
