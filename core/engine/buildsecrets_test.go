package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/core/stackfile"
)

// withSecret is an image to be built whose command reads a secret, pinned.
func withSecret(t *testing.T, step string, secret image.BuildSecret) plan.Image {
	t.Helper()
	described, list := image.Compile(image.Settings{BaseImage: "base:1", Commands: []string{"echo " + step}, BuildSecrets: []image.BuildSecret{secret}},
		image.Options{SourceRoot: t.TempDir()})
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	described = described.Pin(map[string]string{"base:1": hexDigest("a")})
	key, inputs, err := described.Key()
	if err != nil {
		t.Fatal(err)
	}
	return plan.Image{Key: key, Inputs: inputs, Reference: "reg/app:" + key, Action: plan.Build, Steps: []string{step}, Description: described}
}

// Two steps read one name from two places; each is built with its own value.
func TestSecretsOfOneNameFromTwoFiles(t *testing.T) {
	root := t.TempDir()
	for name, value := range map[string]string{"a.tok": "of a", "b.tok": "of b"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e := &Engine{Root: root, Environ: []string{"TOKEN=of c"}}
	planned := []plan.Image{
		withSecret(t, "a", image.BuildSecret{Name: "TOKEN", File: "a.tok"}),
		withSecret(t, "b", image.BuildSecret{Name: "TOKEN", File: "b.tok"}),
		withSecret(t, "c", image.BuildSecret{Name: "TOKEN"}),
	}
	secrets, missing := e.buildSecrets(&plan.Resolved{}, planned)
	if err := missing.Err(); err != nil {
		t.Fatal(err)
	}
	im := &images{builder: &stackBuilder{}, stack: &stackfile.Stack{}}
	got := map[string]string{}
	for _, described := range planned {
		job, err := im.job(described, secrets)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range job.Request.Secrets {
			got[described.Steps[0]] += s.Name + " " + string(s.Value)
		}
	}
	if diff := cmp.Diff(map[string]string{"a": "TOKEN of a", "b": "TOKEN of b", "c": "TOKEN of c"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := os.Remove(filepath.Join(root, "b.tok")); err != nil {
		t.Fatal(err)
	}
	if _, missing := e.buildSecrets(&plan.Resolved{}, planned); len(missing) != 1 {
		t.Errorf("one file is missing, and told is %v", missing)
	}
}
