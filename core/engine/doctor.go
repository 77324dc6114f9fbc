package engine

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/stackfile"
	"github.com/stackrun/stack/sdk"
)

// Check is one thing that Doctor looked at.
type Check struct {
	Name   string     `json:"name"`
	State  CheckState `json:"state"`
	Detail string     `json:"detail"`
	Fix    string     `json:"fix"` // what to do, where State is not OK
}

// CheckState is ok, warning or problem.
type CheckState string

const (
	CheckOK      CheckState = "ok"
	CheckWarning CheckState = "warning" // some flows will miss it
	CheckProblem CheckState = "problem" // flows cannot run on the stack
)

// Doctor looks at what this machine and the stack have and lack.
func (e *Engine) Doctor(ctx context.Context, t Target) []Check {
	checks := []Check{e.checkFolder(), checkGit(ctx)}
	stack, list := e.StackOf(t)
	if err := list.Err(); err != nil {
		return append(checks, failed("stack", err))
	}
	checks = append(checks, Check{"stack", CheckOK, stack.Name + ", " + stack.Range.String(), ""})
	c, err := e.connectStack(ctx, stack, list)
	if err != nil {
		return append(checks, failed("orchestrator "+stack.Orchestrator.Type, err))
	}
	checks = append(checks, c.check(ctx))
	if !c.info.Has(sdk.CapImages) {
		return checks
	}
	b, err := e.builderOf(ctx, stack)
	if err != nil {
		return append(checks, failed("image builder", err))
	}
	if who, err := b.builder.Ready(ctx); err != nil {
		checks = append(checks, failed("image builder "+b.name, err))
	} else {
		checks = append(checks, Check{"image builder " + b.name, CheckOK, who, ""})
	}
	return append(checks, e.checkRegistry(ctx, stack))
}

// check asks the platform for anything at all.
func (c *connection) check(ctx context.Context) Check {
	name := "orchestrator " + c.info.Name
	if _, _, err := c.orchestrator.List(ctx, sdk.ListRequest{PageSize: 1}); err != nil {
		return failed(name, err)
	}
	parts := []string{c.info.Version}
	for _, p := range []string{c.identity.Principal, c.identity.Account, c.identity.Region} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return Check{name, CheckOK, strings.Join(parts, ", "), ""}
}

// failed is err as a check.
func failed(name string, err error) Check {
	list := diag.FromError(err)
	var text []string
	fix := ""
	for _, d := range list {
		if d.Severity == diag.Error {
			text = append(text, d.Summary)
			if fix == "" {
				fix = d.Suggestion
			}
			if fix == "" {
				fix = d.Detail
			}
		}
	}
	return Check{name, CheckProblem, strings.Join(text, "; "), fix}
}

// checkFolder makes sure that records can be written.
func (e *Engine) checkFolder() Check {
	dir := filepath.Join(e.Root, ".stack")
	if _, err := os.Stat(dir); err != nil {
		dir = e.Root // where the first run makes it
	}
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err == nil {
		_, err = f.WriteString("x")
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
		_ = os.Remove(f.Name()) // a file of one byte is no harm
	}
	if err != nil {
		return Check{"project folder", CheckProblem, err.Error(), "free space or fix the permissions of " + dir}
	}
	return Check{"project folder", CheckOK, fmt.Sprintf("%s, %s/%s", e.Root, runtime.GOOS, runtime.GOARCH), ""}
}

func checkGit(ctx context.Context) Check {
	out, err := exec.CommandContext(ctx, "git", "--version").Output()
	if err != nil {
		return Check{"git", CheckWarning, "not found", "install git, so that runs say which commit they used"}
	}
	return Check{"git", CheckOK, strings.TrimSpace(string(out)), ""}
}

// checkRegistry asks the stack's registry about an image that nobody has.
func (e *Engine) checkRegistry(ctx context.Context, stack *stackfile.Stack) Check {
	if stack.Registry == nil {
		return Check{"container registry", CheckOK, "none: images stay in the builder's own store", ""}
	}
	name := "container registry " + stack.Registry.URI
	if _, _, err := e.registryOf(stack).Find(ctx, stack.Registry.URI+"/stack-doctor:none"); err != nil {
		return failed(name, err)
	}
	return Check{name, CheckOK, "answers", ""}
}
