package pluginhost_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/pluginhost"
)

func program(t *testing.T, dir, name string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFind(t *testing.T) {
	bin, elsewhere, work := t.TempDir(), t.TempDir(), t.TempDir()
	docker := program(t, bin, "stack-orchestrator-docker", 0o755)
	dockerBuilder := program(t, bin, "stack-builder-docker", 0o755)
	program(t, bin, "stack-orchestrator-vertex", 0o755)
	program(t, bin, "stack-orchestrator-plain", 0o644)
	program(t, bin, "stack-orchestrator-UPPER", 0o755)
	other := program(t, elsewhere, "my-plugin", 0o755)
	otherBuilder := program(t, elsewhere, "stack-builder-docker", 0o755)
	program(t, work, "stack-orchestrator-evil", 0o755)
	t.Chdir(work)
	t.Setenv("PATH", work)

	for _, tc := range []struct {
		name      string
		kind      pluginhost.Kind
		plugin    string
		overrides map[string]string
		want      string
	}{
		{"beside the binary", pluginhost.Orchestrator, "docker", nil, docker},
		{"the kinds are apart", pluginhost.Builder, "docker", nil, dockerBuilder},
		{"override", pluginhost.Orchestrator, "slurm", map[string]string{"slurm": other}, other},
		{"override goes first", pluginhost.Orchestrator, "docker", map[string]string{"docker": other}, other},
		{"of an orchestrator, not of the builder", pluginhost.Builder, "docker", map[string]string{"docker": other}, dockerBuilder},
		{"of a builder by its file's name", pluginhost.Builder, "docker", map[string]string{"docker": otherBuilder}, otherBuilder},
		{"which is none of the orchestrator", pluginhost.Orchestrator, "docker", map[string]string{"docker": otherBuilder}, docker},
		{"of a builder by its kind", pluginhost.Builder, "docker", map[string]string{"builder.docker": other}, other},
		{"relative", pluginhost.Orchestrator, "slurm", map[string]string{"slurm": "stack-orchestrator-evil"}, filepath.Join(work, "stack-orchestrator-evil")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := pluginhost.Find(tc.kind, tc.plugin, pluginhost.FindOptions{Overrides: tc.overrides, BinDir: bin})
			if err != nil {
				t.Fatal(err)
			}
			if p.Path != tc.want || p.Override != (tc.overrides != nil && tc.want != docker && tc.want != dockerBuilder) {
				t.Errorf("found %+v, want %s", p, tc.want)
			}
		})
	}
	for _, tc := range []struct {
		name      string
		plugin    string
		overrides map[string]string
		parts     []string
	}{
		{"not there", "kubernetes", nil, []string{`"kubernetes"`, bin, "docker, vertex", "--plugin kubernetes=PATH"}},
		{"a slip", "vertx", nil, []string{`did you mean "vertex"?`}},
		{"never the working directory nor PATH", "evil", nil, []string{`"evil" does not exist`}},
		{"a path", "../docker", nil, []string{"not the name of a plugin"}},
		{"an absolute path", bin + "/docker", nil, []string{"not the name of a plugin"}},
		{"a backslash", `a\b`, nil, []string{"not the name of a plugin"}},
		{"empty", "", nil, []string{"not the name of a plugin"}},
		{"not executable", "plain", nil, []string{"not executable", "chmod +x"}},
		{"override that is not there", "slurm", map[string]string{"slurm": "/nowhere"}, []string{"--plugin slurm=/nowhere", "not exist"}},
		{"override that is a folder", "slurm", map[string]string{"slurm": bin}, []string{"not a file"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := pluginhost.Find(pluginhost.Orchestrator, tc.plugin, pluginhost.FindOptions{Overrides: tc.overrides, BinDir: bin})
			wantCode(t, err, diag.PluginNotFound, tc.parts...)
		})
	}
}
