//go:build e2e

package e2e_test

import (
	"bytes"
	"strings"
	"testing"
)

// fromZenML is a run configuration of ZenML with what such files have. The
// address of the index holds a token of the caller's.
const fromZenML = `
settings:
  docker:
    parent_image: python:3.11-slim
    requirements: [six==1.16.0]
    environment:
      greeting: yes
      PIP_EXTRA_INDEX_URL: https://user:${TOKEN}@pypi.org/simple
    runtime_environment: {QUOTED: 'a "b" $c ${WHO}'}
    user: worker
    build_config: {build_options: {labels: {team: churn}}}
  resources: {cpu_count: 0.5, memory: 256MiB}
execution_mode: continue_on_failure
parameters: {epochs: 3}
steps:
  report:
    parameters: {Depth: 7}
    settings: {docker: {runtime_environment: {only: here}}}
`

// TestImportedFromZenML: the flow that a configuration becomes is built and run
// as it is, says that its step is not written, and, once that is, has in its
// image what the configuration asked for.
func TestImportedFromZenML(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		canary := "canary" + marker(t) + "bird"
		p := newProject(t, map[string]string{"stacks.hcl": stacks{registry: ownRegistry(t)}.hcl(t), "config.yaml": fromZenML}).on(on)
		p.env = append(p.env, "WHO=you", "TOKEN="+canary)
		p.wants(p.must(0, "import", "zenml", "config.yaml", "--name", "moved"), "set PIP_EXTRA_INDEX_URL to the whole address", "wrote flow.yaml")
		if strings.Contains(p.read("flow.yaml"), canary) {
			t.Error("the flow holds the secret")
		}
		p.wants(p.must(4, "build", "flow.yaml"), "SEC203", "PIP_EXTRA_INDEX_URL")
		// This index answers whatever user and password it is given.
		p.env = append(p.env, "PIP_EXTRA_INDEX_URL=https://user:"+canary+"@pypi.org/simple")
		p.wants(p.must(7, "run", "flow.yaml"), "step report: its command is not written yet")

		text := p.read("flow.yaml")
		script := `env; id -un; python -c 'import six; print("six", six.__version__)'`
		before, after, found := strings.Cut(text, "      echo \"step report: its command is not written yet\" >&2\n      exit 2\n")
		if !found {
			t.Fatalf("the flow has no placeholder:\n%s", text)
		}
		p.write("flow.yaml", before+"      "+script+"\n"+after)
		r := p.must(0, "run", "flow.yaml", "-p", "epochs=5")
		p.wants(r, "GREETING=True", `QUOTED=a "b" $c you`, "ONLY=here", "STACK_PARAM_epochs=5", "STACK_PARAM_report_depth=7", "worker", "six 1.16.0")
		if strings.Contains(r.all(), canary) || strings.Contains(r.all(), "PIP_EXTRA_INDEX_URL=") {
			t.Errorf("the secret of the build reached the step:\n%s", r)
		}
		reference := images(t, p.must(0, "build", "flow.yaml", "--why", "-o", "json"))[0].Reference
		exported := on.exported(t, reference)
		if bytes.Contains(exported, []byte(canary)) {
			t.Error("the secret is in the image")
		}
		if !bytes.Contains(exported, []byte(`"team":"churn"`)) {
			t.Error("the image lacks its label")
		}
	})
}
