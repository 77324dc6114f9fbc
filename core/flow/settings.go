package flow

import (
	"strconv"

	"github.com/stackrun/stack/core/compute"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/settings"
)

// Settings is what may be said of a step at any layer. Zero values were not
// written, or are the default.
type Settings struct {
	Image     image.Settings   `json:"image" doc:"What the step runs in."`
	Resources compute.Settings `json:"resources" doc:"What the step asks of a machine."`
	Retry     Retry            `json:"retry" doc:"How often and how soon a failed step is started again."`
	Timeout   compute.Duration `json:"timeout" doc:"Bound of each attempt, such as 2h; of the whole run where it stands at the top of a flow."`
	Nodes     Nodes            `json:"nodes" default:"1" doc:"How many machines run the step together."`
	// Orchestrator is checked against the plugin's own schema later.
	Orchestrator map[string]any `json:"orchestrator" doc:"Settings of the orchestrator plugin, in its own schema."`
}

// Retry is how often and how soon a failed step is started again.
type Retry struct {
	Max     Attempts         `json:"max" default:"0" doc:"Extra attempts, from 0 to 100."`
	Backoff compute.Duration `json:"backoff" doc:"Wait before the first extra attempt, such as 30s; it doubles each time."`
}

const (
	mostNodes    = 10_000
	mostAttempts = 100
)

// Nodes is a number of machines, 1 or more; 0 was not written.
type Nodes int

// UnmarshalSetting reads a whole number in range.
func (n *Nodes) UnmarshalSetting(v *settings.Value) diag.List {
	return bounded(v, "nodes", 1, mostNodes, (*int)(n))
}

// JSONSchema is a whole number in range.
func (Nodes) JSONSchema() map[string]any { return integerSchema(1, mostNodes) }

// Attempts is a number of extra attempts.
type Attempts int

// UnmarshalSetting reads a whole number in range.
func (a *Attempts) UnmarshalSetting(v *settings.Value) diag.List {
	return bounded(v, "max", 0, mostAttempts, (*int)(a))
}

// JSONSchema is a whole number in range.
func (Attempts) JSONSchema() map[string]any { return integerSchema(0, mostAttempts) }

func integerSchema(low, high int) map[string]any {
	return map[string]any{"anyOf": []any{
		map[string]any{"type": "integer", "minimum": low, "maximum": high},
		map[string]any{"type": "string", "pattern": `\$\{\{`}, // an expression
	}}
}

// bounded reads a whole number from low to high.
func bounded(v *settings.Value, name string, low, high int, into *int) diag.List {
	if v.Kind == settings.Null {
		return nil
	}
	if v.Kind != settings.Scalar || v.Type != settings.Int {
		d := diag.At(v.Range, diag.WrongType, "%s must be a whole number, not %s", name, v.Describe())
		if _, err := strconv.Atoi(v.Text); err == nil && v.Kind == settings.Scalar {
			d = d.Try("write " + v.Text + " without quotes")
		}
		return diag.List{d}
	}
	n, err := strconv.ParseInt(v.Text, 10, 64)
	if err != nil || n < int64(low) || n > int64(high) {
		return diag.List{diag.At(v.Range, diag.BadValue, "%s cannot be %s", name, v.Text).Because("It goes from %d to %d.", low, high)}
	}
	*into = int(n)
	return nil
}

// SettingsKeys is the settings' names at the first level.
func SettingsKeys() []string {
	return []string{"image", "resources", "retry", "timeout", "nodes", "orchestrator"}
}
