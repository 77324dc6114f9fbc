package cli

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/flow"
)

//go:embed template
var templates embed.FS

func newInit(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "init [DIR]",
		Short: "Begin a project: flow.yaml, stacks.hcl, .stack/ and .dockerignore",
		Long: `Writes a commented flow.yaml and stacks.hcl, a .dockerignore, and the folder
.stack/, which marks the source root and holds what stack keeps on this machine.
Files that exist already are left as they are.`,
		Example: "  stack init\n  stack init churn && stack run churn/flow.yaml",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage(cmd, "unexpected argument %q", args[1])
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			dir := a.Dir
			if len(args) == 1 {
				dir = a.path(args[0])
			}
			return a.initProject(dir)
		},
	}
}

// initProject writes the files of a new project that are not there yet.
func (a *app) initProject(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, ".stack"), 0o755); err != nil {
		return diag.Fail(diag.DiskFull, fmt.Errorf("create %s: %w", filepath.Join(dir, ".stack"), err), "")
	}
	for _, file := range []struct{ template, name string }{
		{"flow.yaml", "flow.yaml"},
		{"stacks.hcl", "stacks.hcl"},
		{"dockerignore", ".dockerignore"},
	} {
		text, err := templates.ReadFile("template/" + file.template)
		if err != nil {
			return err
		}
		data := strings.ReplaceAll(string(text), "{{NAME}}", flowName(filepath.Base(dir)))
		if err := a.writeNew(filepath.Join(dir, file.name), data); err != nil {
			return err
		}
	}
	// The folder ignores itself, so that a project's .gitignore need not.
	if err := a.writeNew(filepath.Join(dir, ".stack", ".gitignore"), "*\n"); err != nil {
		return err
	}
	schema, err := jsonText(flow.Schema())
	if err != nil {
		return err
	}
	if err := a.writeNew(filepath.Join(dir, ".stack", "flow.schema.json"), schema); err != nil {
		return err
	}
	a.say("try: stack run %s", a.shown(filepath.Join(dir, "flow.yaml")))
	return nil
}

// jsonText is v as indented JSON.
func jsonText(v any) (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.String(), err
}

// writeNew writes a file that does not exist; one that does stays.
func (a *app) writeNew(path, data string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		a.say("kept  %s", a.shown(path))
		return nil
	}
	if err == nil {
		_, err = f.WriteString(data)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return diag.Fail(diag.DiskFull, fmt.Errorf("write %s: %w", a.shown(path), err), "")
	}
	a.say("wrote %s", a.shown(path))
	return nil
}

// shown is path as a person would name it from the working directory.
func (a *app) shown(path string) string {
	if rel, err := filepath.Rel(a.Dir, path); err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return path
}

// flowName makes a name for a flow out of a folder's.
func flowName(folder string) string {
	name := regexp.MustCompile(`[^a-z0-9_-]+`).ReplaceAllString(strings.ToLower(folder), "-")
	name = strings.TrimLeft(name, "-_0123456789")
	if len(name) > 63 {
		name = name[:63]
	}
	if name == "" {
		return "flow"
	}
	return name
}
