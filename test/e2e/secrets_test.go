//go:build e2e

package e2e_test

import (
	"bytes"
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoSecretGetsOut puts a canary everywhere that a user has secrets, runs a
// flow, and looks for it everywhere that stack writes: its output, plan, run
// record, the image with its history, the containers.
func TestNoSecretGetsOut(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		canary := "canary" + marker(t) + "bird"
		docker := t.TempDir()
		auth := base64.StdEncoding.EncodeToString([]byte("user:" + canary))
		if err := os.WriteFile(filepath.Join(docker, "config.json"), []byte(`{"auths":{"`+need(t, "STACK_E2E_REGISTRY")+`":{"auth":"`+auth+`"}}}`), 0o600); err != nil {
			t.Fatal(err)
		}
		p := newProject(t, map[string]string{
			"stacks.hcl":                stacks{registry: ownRegistry(t)}.hcl(t),
			"flow.yaml":                 flow("secrets", "commands: ['env']", "env; sleep 1"),
			".stack/secrets/wandb.env":  "WANDB_API_KEY=" + canary + "\n",
			".git/config":               "[remote]\n  url = https://" + canary + "@example.com/x.git\n",
			".dockerignore":             "ignored.txt\n",
			"ignored.txt":               canary + "\n",
			"deep/below/.stack/own.txt": canary + "\n",
		}).on(on)
		p.env = append(p.env, "WANDB_API_KEY="+canary, "PIP_INDEX_URL=https://user:"+canary+"@example.com/simple", "DOCKER_CONFIG="+docker)
		if err := os.Chmod(p.path(".stack/secrets/wandb.env"), 0o600); err != nil {
			t.Fatal(err)
		}
		clean := func(what string, content []byte) {
			t.Helper()
			if bytes.Contains(content, []byte(canary)) || bytes.Contains(content, []byte(auth)) {
				t.Errorf("a secret is in %s", what)
			}
		}
		for _, args := range [][]string{{"plan", "flow.yaml", "-o", "json"}, {"run", "flow.yaml", "-o", "json"}, {"ps", "-o", "json"}, {"doctor", "--stack", "docker"}} {
			clean("the output of stack "+args[0], []byte(p.must(0, args...).all()))
		}
		clean("the image", on.exported(t, images(t, p.must(0, "build", "flow.yaml", "--why", "-o", "json"))[0].Reference))
		for _, c := range on.containers(t, p.onlyRun().Run) {
			clean("a container", on.get(t, "/containers/"+c.ID+"/json", nil))
		}
		err := filepath.WalkDir(p.path(".stack"), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || strings.Contains(path, ".stack/secrets/") {
				return err
			}
			content, err := os.ReadFile(path)
			clean(path, content)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// TestASecretInAPlainSetting is refused before anything is built, and is not repeated.
func TestASecretInAPlainSetting(t *testing.T) {
	t.Parallel()
	canary := "canary" + marker(t) + "bird"
	p := newProject(t, map[string]string{
		"stacks.hcl": stacks{}.hcl(t),
		"flow.yaml":  flow("plain", `environment: {INDEX: "https://user:`+canary+`@example.com/simple"}`, "true"),
	})
	r := p.must(2, "run", "flow.yaml", "--stack", "docker")
	p.wants(r, "SEC201", "build_secrets")
	if strings.Contains(r.all(), canary) {
		t.Errorf("the message repeats the secret:\n%s", r)
	}
}
