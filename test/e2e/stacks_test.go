//go:build e2e

package e2e_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
)

// stacks is a stacks.hcl with one stack, "docker".
type stacks struct {
	registry string // uri; empty: images stay in the engine
	mirror   string // of docker.io; the test registry when empty
	builder  string // attributes of the image_builder block
	above    string // blocks beside the stack
	also     string // attributes of the stack
}

func (s stacks) hcl(t *testing.T) string {
	t.Helper()
	if s.mirror == "" {
		s.mirror = need(t, "STACK_E2E_REGISTRY")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "stack_config {\n  registry_mirrors = { \"docker.io\" = %q }\n}\n", s.mirror)
	b.WriteString(s.above)
	fmt.Fprintf(&b, "stack \"docker\" {\n  %s\n  orchestrator \"docker\" {}\n  image_builder \"docker\" {\n    %s\n  }\n", s.also, s.builder)
	if s.registry != "" {
		fmt.Fprintf(&b, "  container_registry {\n    uri = %q\n    plain_http = true\n  }\n", s.registry)
	}
	b.WriteString("}\ndefault_stack = \"docker\"\n")
	return b.String()
}

// ownRegistry is a repository prefix in the test registry that no other test
// pushes to.
func ownRegistry(t *testing.T) string {
	t.Helper()
	sum := sha256.Sum256([]byte(t.Name() + t.TempDir()))
	return fmt.Sprintf("%s/e2e-%x", need(t, "STACK_E2E_REGISTRY"), sum[:6])
}

// flow is a flow.yaml of one step, on the test base image. settings is YAML of
// the image, in braces' inner form: "commands: ['true']".
func flow(name, settings, script string) string {
	if settings != "" {
		settings = ", " + settings
	}
	return fmt.Sprintf("version: 1\nname: %s\nimage: {base_image: \"python:3.11-slim\"%s}\nsteps:\n  only:\n    run: |\n      %s\n",
		name, settings, strings.ReplaceAll(strings.TrimSpace(script), "\n", "\n      "))
}
