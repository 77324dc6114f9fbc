package docs_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stackrun/stack/core/pluginhost"
	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/conformance"
)

// build builds a program and gives its path.
func build(t *testing.T, source string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "plugin")
	cmd := exec.Command("go", "build", "-o", out, source)
	cmd.Dir = root(t)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", source, err, text)
	}
	return out
}

func launch(t testing.TB, program string) sdk.Orchestrator {
	t.Helper()
	p, err := pluginhost.Launch(t.Context(),
		pluginhost.Plugin{Kind: pluginhost.Orchestrator, Name: "documented", Path: program},
		pluginhost.LaunchOptions{Environ: os.Environ()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close(context.Background()) })
	return p.Orchestrator()
}

// TestPluginExample builds the orchestrator of docs/plugins.md, and runs the
// suite on it that the page tells to run.
func TestPluginExample(t *testing.T) {
	var source string
	for _, b := range read(t, "docs/plugins.md").blocks(t) {
		if b.language == "go" && strings.HasPrefix(b.text, "package main\n") {
			source = b.text
		}
	}
	if source == "" {
		t.Fatal("docs/plugins.md has no program")
	}
	path := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(path, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	program := build(t, path)
	conformance.Run(t, conformance.Factory{Open: func(t testing.TB) sdk.Orchestrator { return launch(t, program) }})
}

// TestPluginKeys: the pages of our orchestrators have the keys of their schemas.
func TestPluginKeys(t *testing.T) {
	for _, tc := range []struct {
		name, page string
		table      func(page) string
	}{
		{"local", "docs/local.md", func(p page) string { text, _, _ := strings.Cut(p.text, "\n## "); return text }},
		{"docker", "docs/docker.md", func(p page) string { return p.section(t, `## orchestrator "docker"`) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			schema, err := launch(t, build(t, "./plugins/"+tc.name)).Schema(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, a := range schema.Stack.Attributes {
				want = append(want, a.Name)
			}
			same(t, tc.page, want, firstCells(tc.table(read(t, tc.page))))
			for _, a := range schema.Step.Attributes {
				if !strings.Contains(read(t, tc.page).text, "`"+a.Name+"`") {
					t.Errorf("%s lacks the key %s of steps", tc.page, a.Name)
				}
			}
		})
	}
}
