package orchestrator

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/driver"
)

// leastParallel lets the branches of a small flow run at the same time on any
// machine.
const leastParallel = 4

func schema() sdk.Schema {
	return sdk.Schema{
		Stack: sdk.Block{
			Doc: "Steps are processes on this machine.",
			Attributes: []sdk.Attribute{
				{Name: "max_parallel", Type: "number", Doc: fmt.Sprintf("How many steps may run at the same time; by default as many as the machine has cores, and %d at least.", leastParallel)},
				{Name: "grace", Type: "string", Doc: "How long a step that is stopped may take to end by itself, such as 30s.", Default: json.RawMessage(`"` + driver.DefaultGrace.String() + `"`)},
			},
		},
		Step: sdk.Block{Doc: "Processes take no settings of their own."},
	}
}

type config struct {
	maxParallel int
	grace       time.Duration
}

// decode reads the stack's configuration and finds what is wrong with it.
func decode(stack sdk.Config, cores int) (config, []sdk.Diagnostic) {
	out := config{maxParallel: max(cores, leastParallel), grace: driver.DefaultGrace}
	var problems []sdk.Diagnostic
	problem := func(summary string, elems ...string) {
		problems = append(problems, sdk.Diagnostic{Severity: sdk.SeverityError, Summary: summary, Path: sdk.Path{Root: sdk.RootStack, Elems: elems}})
	}
	if len(stack) == 0 {
		return out, nil
	}
	var given struct {
		MaxParallel *float64 `json:"max_parallel"`
		Grace       *string  `json:"grace"`
	}
	if err := json.Unmarshal(stack, &given); err != nil {
		problem("the configuration is not as the schema says: " + err.Error())
		return out, problems
	}
	if n := given.MaxParallel; n != nil {
		if *n != math.Trunc(*n) || *n < 1 || *n > 1e6 {
			problem("max_parallel must be a whole number of 1 or more", "max_parallel")
		} else {
			out.maxParallel = int(*n)
		}
	}
	if text := given.Grace; text != nil {
		grace, err := time.ParseDuration(*text)
		if err != nil || grace <= 0 {
			problem(fmt.Sprintf("grace must be a time such as 30s, not %q", *text), "grace")
		} else {
			out.grace = grace
		}
	}
	return out, problems
}
