package conformance

import (
	"encoding/json"
	"reflect"
	"regexp"
	"testing"

	"github.com/stackrun/stack/sdk"
)

func testDescribe(t *testing.T, f Factory) {
	o := f.Open(t)
	ctx := t.Context()
	info, err := o.Handshake(ctx, sdk.Host{Version: "conformance"})
	if err != nil {
		t.Fatalf("Handshake: %v", err)
	}
	if info.Name == "" || info.Version == "" {
		t.Errorf("the plugin does not say who it is: %+v", info)
	}
	schema, err := o.Schema(ctx)
	if err != nil {
		t.Fatalf("Schema before Configure: %v", err)
	}
	checkBlock(t, "stack", schema.Stack)
	checkBlock(t, "step", schema.Step)
	again, err := o.Schema(ctx)
	if err != nil || !reflect.DeepEqual(schema, again) {
		t.Errorf("the schema is not constant (%v)", err)
	}

	t.Run("the configuration is valid", func(t *testing.T) {
		diags, err := o.Validate(ctx, f.Stack, nil)
		if err != nil {
			t.Fatalf("Validate: %v", err)
		}
		for _, d := range diags {
			if d.Severity != sdk.SeverityWarning {
				t.Errorf("%+v", d)
			}
		}
	})
	t.Run("diagnostics name values of the schema", func(t *testing.T) {
		for _, block := range []struct {
			root  sdk.PathRoot
			block sdk.Block
		}{{sdk.RootStack, schema.Stack}, {sdk.RootStep, schema.Step}} {
			for _, attribute := range block.block.Attributes {
				config, err := json.Marshal(map[string]any{attribute.Name: wrong(attribute.Type)})
				if err != nil {
					t.Fatal(err)
				}
				stack, steps := f.Stack, map[string]sdk.Config{"train": sdk.Config(config)}
				if block.root == sdk.RootStack {
					stack, steps = sdk.Config(config), nil
				}
				diags, err := o.Validate(ctx, stack, steps)
				if err != nil {
					t.Errorf("Validate of %s makes an operation fail where a diagnostic belongs: %v", config, err)
				}
				for _, d := range diags {
					checkDiagnostic(t, schema, d)
				}
			}
		}
	})
}

// wrong is a value that no attribute of the type accepts, and that decodes as
// what the host lets through at most: a string for a number, a negative number.
func wrong(attributeType string) any {
	switch attributeType {
	case "string":
		return "\x00 no value that anybody accepts"
	case "number":
		return -1e300
	case "bool":
		return false
	}
	return nil
}

func checkDiagnostic(t *testing.T, schema sdk.Schema, d sdk.Diagnostic) {
	t.Helper()
	if d.Summary == "" || d.Severity != sdk.SeverityError && d.Severity != sdk.SeverityWarning {
		t.Errorf("a diagnostic has severity %q and summary %q", d.Severity, d.Summary)
	}
	var block sdk.Block
	switch d.Path.Root {
	case sdk.RootStack:
		block = schema.Stack
	case sdk.RootStep:
		block = schema.Step
	case sdk.RootSettings:
		return // names of settings are the host's
	default:
		t.Errorf("diagnostic %q has the path root %q", d.Summary, d.Path.Root)
		return
	}
	if !exists(block, d.Path.Elems) {
		t.Errorf("diagnostic %q names %v, which is not in the schema", d.Summary, d.Path.Elems)
	}
}

// exists reports whether a path leads to something that the block describes.
func exists(block sdk.Block, elems []string) bool {
	if len(elems) == 0 {
		return true // the block itself
	}
	for _, attribute := range block.Attributes {
		if attribute.Name == elems[0] {
			return true // what is inside is named by the type
		}
	}
	for _, nested := range block.Blocks {
		if nested.Name != elems[0] {
			continue
		}
		rest := elems[1:]
		if nested.Many && len(rest) > 0 { // an index
			rest = rest[1:]
		}
		return exists(nested.Block, rest)
	}
	return false
}

func checkBlock(t *testing.T, path string, block sdk.Block) {
	t.Helper()
	name := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	kind := regexp.MustCompile(`^(any|string|number|bool|(list|set|map)\(.+\)|object\(\{.*\}\)|tuple\(\[.*\]\))$`)
	seen := map[string]bool{}
	for _, attribute := range block.Attributes {
		if !name.MatchString(attribute.Name) || seen[attribute.Name] {
			t.Errorf("schema: %s has the attribute %q, or has it twice", path, attribute.Name)
		}
		seen[attribute.Name] = true
		if !kind.MatchString(attribute.Type) {
			t.Errorf("schema: %s.%s has the type %q", path, attribute.Name, attribute.Type)
		}
		if attribute.Doc == "" {
			t.Errorf("schema: %s.%s has no doc", path, attribute.Name)
		}
		if attribute.Default != nil && !json.Valid(attribute.Default) {
			t.Errorf("schema: the default of %s.%s is not JSON: %s", path, attribute.Name, attribute.Default)
		}
		if attribute.Required && attribute.Default != nil {
			t.Errorf("schema: %s.%s is required and has a default", path, attribute.Name)
		}
	}
	for _, nested := range block.Blocks {
		if !name.MatchString(nested.Name) || seen[nested.Name] {
			t.Errorf("schema: %s has the block %q, or has it twice", path, nested.Name)
		}
		seen[nested.Name] = true
		checkBlock(t, path+"."+nested.Name, nested.Block)
	}
}
