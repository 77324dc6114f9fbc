package docs_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	builds "github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/compute"
	"github.com/stackrun/stack/core/engine"
	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/core/settings"
)

// sorted is a set of words, for comparing.
func sorted(words []string) []string {
	out := slices.Clone(words)
	slices.Sort(out)
	return slices.Compact(out)
}

func same(t *testing.T, what string, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
		t.Errorf("%s (-what there is +what the page says):\n%s", what, diff)
	}
}

// keys is the names of a struct's fields in files; of those that match.
func keys(t reflect.Type, match func(reflect.StructField) bool) []string {
	var out []string
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" && match(f) {
			out = append(out, name)
		}
	}
	return out
}

func isNotBuilt(f reflect.StructField) bool { return f.Type == reflect.TypeFor[image.NotBuilt]() }
func isBuilt(f reflect.StructField) bool    { return !isNotBuilt(f) }

// TestImageFields: docs/image.md has the settings that are built, and says of
// the others that they are not.
func TestImageFields(t *testing.T) {
	p := read(t, "docs/image.md")
	fields := p.section(t, "## Fields")
	built, later, found := strings.Cut(fields, "### Not in this version")
	if !found {
		t.Fatal("docs/image.md does not say what is not in this version")
	}
	same(t, "docs/image.md", keys(reflect.TypeFor[image.Settings](), isBuilt), firstCells(built))
	var named []string
	for _, m := range inCode.FindAllStringSubmatch(later, -1) {
		if !strings.HasPrefix(m[1], "STK") && m[1] != "build" && m[1] != "dockerfile_build" {
			named = append(named, m[1])
		}
	}
	want := []string{"mode: prebuilt"}
	for _, s := range []reflect.Type{reflect.TypeFor[image.Settings](), reflect.TypeFor[image.BuildOptions](), reflect.TypeFor[image.DockerfileBuild]()} {
		want = append(want, keys(s, isNotBuilt)...)
	}
	same(t, "what docs/image.md says is not in this version", want, named)
}

func TestResourceFields(t *testing.T) {
	p := read(t, "docs/resources.md")
	fields, _, _ := strings.Cut(p.text, "\n## ")
	same(t, "docs/resources.md", keys(reflect.TypeFor[compute.Settings](), isBuilt), firstCells(fields))

	var want []string
	for _, m := range compute.Accelerators() {
		sizes := "any number"
		for i, s := range m.Shapes {
			if i == 0 {
				sizes = ""
			} else {
				sizes += ", "
			}
			sizes += fmt.Sprintf("%d (%s)", s.Chips, s.Topology)
		}
		var aliases []string
		for _, a := range m.Aliases {
			aliases = append(aliases, "`"+a+"`")
		}
		want = append(want, fmt.Sprintf("| `%s` | %s %s | %d | %s | %s |", m.Name, m.Vendor, strings.ToUpper(string(m.Kind)), m.MemoryGiB, sizes, strings.Join(aliases, ", ")))
	}
	_, table, _ := strings.Cut(p.text, "| name | kind | memory | sizes | also written |\n|---|---|---|---|---|\n")
	if diff := cmp.Diff(strings.Join(want, "\n"), strings.TrimSpace(table)); diff != "" {
		t.Errorf("the accelerators of docs/resources.md (-catalogue +page):\n%s", diff)
	}

	// What the page says is written in another way is read as it says.
	for _, row := range strings.Split(p.section(t, "## Accelerators"), "\n") {
		if m := inCode.FindStringSubmatch(row); m != nil && strings.HasPrefix(row, "| ") {
			if _, err := compute.ParseAccelerator(m[1]); err != nil {
				t.Errorf("docs/resources.md: %v", err)
			}
		}
	}
}

// TestLayers: docs/settings.md has the layers in their order.
func TestLayers(t *testing.T) {
	text, _, _ := strings.Cut(read(t, "docs/settings.md").text, "\n## ")
	var want []string
	for _, l := range settings.Layers() {
		want = append(want, string(l))
	}
	if diff := cmp.Diff(want, firstCells(text)); diff != "" {
		t.Errorf("docs/settings.md (-layers +page):\n%s", diff)
	}
	page := read(t, "docs/commands.md").section(t, "## Environment")
	for _, key := range flow.SettingsKeys() {
		if name := "`STACK_" + strings.ToUpper(key) + "`"; !strings.Contains(page, name) {
			t.Errorf("docs/commands.md lacks the variable %s", name)
		}
	}
}

// constants is the values of the constants of a type in a Go file.
func constants(t *testing.T, path, typeName string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root(t), path), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); !ok || name.Name != typeName {
			return true
		}
		for _, v := range spec.Values {
			literal, ok := v.(*ast.BasicLit)
			if !ok {
				t.Fatalf("%s: a constant of type %s is no literal", path, typeName)
			}
			value := literal.Value
			if literal.Kind == token.STRING {
				if value, err = strconv.Unquote(value); err != nil {
					t.Fatal(err)
				}
			}
			if value != "" {
				out = append(out, value)
			}
		}
		return true
	})
	if len(out) == 0 {
		t.Fatalf("%s has no constants of type %s", path, typeName)
	}
	return out
}

func TestWords(t *testing.T) {
	runs, commands, plugins := read(t, "docs/runs.md"), read(t, "docs/commands.md"), read(t, "docs/plugins.md")
	same(t, "the states of docs/runs.md", constants(t, "sdk/event.go", "State"), firstCells(runs.section(t, "## States")))
	same(t, "the reasons of docs/runs.md", constants(t, "sdk/event.go", "Reason"), firstCells(runs.section(t, "## Reasons")))
	same(t, "the capabilities of docs/plugins.md", constants(t, "sdk/orchestrator.go", "Capability"), firstCells(plugins.section(t, "## Capabilities")))
	var statuses []string
	for _, row := range strings.Split(commands.section(t, "## Exit status"), "\n") {
		if cells := strings.Split(row, "|"); len(cells) == 4 {
			if status := strings.TrimSpace(cells[1]); strings.Trim(status, "0123456789") == "" {
				statuses = append(statuses, status)
			}
		}
	}
	same(t, "the exit statuses of docs/commands.md", constants(t, "core/diag/exit.go", "Exit"), statuses)
	for _, event := range constants(t, "core/engine/event.go", "EventType") {
		if !strings.Contains(commands.text, "`"+event+"`") {
			t.Errorf("docs/commands.md lacks the event %s", event)
		}
	}
}

// TestJSONKeys: docs/commands.md has every key of what is printed.
func TestJSONKeys(t *testing.T) {
	text := read(t, "docs/commands.md").section(t, "## JSON")
	for _, s := range []reflect.Type{
		reflect.TypeFor[plan.Plan](), reflect.TypeFor[plan.Image](), reflect.TypeFor[plan.Base](), reflect.TypeFor[plan.Step](),
		reflect.TypeFor[plan.Resources](), reflect.TypeFor[plan.Accelerator](), reflect.TypeFor[plan.Code](), reflect.TypeFor[plan.Placement](),
		reflect.TypeFor[plan.Rejected](), reflect.TypeFor[plan.Document](), reflect.TypeFor[plan.Saved](), reflect.TypeFor[engine.Event](),
		reflect.TypeFor[engine.StepChange](), reflect.TypeFor[engine.ImageRef](), reflect.TypeFor[builds.Input](), reflect.TypeFor[builds.Base](),
		reflect.TypeFor[engine.Check](), reflect.TypeFor[settings.Origin](),
	} {
		for _, key := range keys(s, isBuilt) {
			if !strings.Contains(text, "`"+key+"`") && !strings.Contains(text, "."+key+"`") && !strings.Contains(text, `"`+key+`"`) {
				t.Errorf("docs/commands.md lacks the key %s of %s", key, s)
			}
		}
	}
}
