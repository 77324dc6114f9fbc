//go:build e2e

package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// place is where a test's engine and registry are.
type place struct {
	name string // for subtests: a or b
	host string // unix:///…/docker.sock
}

func (p place) socket() string { return strings.TrimPrefix(p.host, "unix://") }

// engines are both engines: they differ in image store, digests and BuildKit.
func engines(t *testing.T) []place {
	t.Helper()
	return []place{{"a", need(t, "STACK_E2E_DOCKER_A")}, {"b", need(t, "STACK_E2E_DOCKER_B")}}
}

// onEachEngine runs a test against both engines. The engines are separate, so
// both sides run at the same time.
func onEachEngine(t *testing.T, test func(t *testing.T, on place)) {
	t.Helper()
	for _, on := range engines(t) {
		t.Run("engine_"+on.name, func(t *testing.T) {
			t.Parallel()
			test(t, on)
		})
	}
}

// need is a variable of the environment that test/real/up.sh wrote.
func need(t *testing.T, name string) string {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		t.Fatalf("%s is not set: run `make e2e`, or test/real/up.sh and source the env file that it names", name)
	}
	return v
}

func repository(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// binary is the built program called name.
func binary(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("STACK_E2E_BIN")
	if dir == "" {
		dir = filepath.Join(repository(t), "bin")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: run `make build`", err)
	}
	return path
}
