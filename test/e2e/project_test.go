//go:build e2e

package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// project is a folder with a flow and stacks, and the environment that `stack`
// is run with there: nothing of the caller's but what it needs to work.
type project struct {
	t   *testing.T
	dir string
	env []string
	at  place // after on
}

// newProject makes a folder with files, by name.
func newProject(t *testing.T, files map[string]string) *project {
	t.Helper()
	p := &project{t: t, dir: t.TempDir()}
	home := t.TempDir()
	p.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "NO_COLOR=1"}
	for _, name := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if v, ok := os.LookupEnv(name); ok {
			p.env = append(p.env, name+"="+v)
		}
	}
	for name, content := range files {
		p.write(name, content)
	}
	if err := os.MkdirAll(p.path(".stack"), 0o755); err != nil {
		t.Fatal(err)
	}
	return p
}

// exampleProject is a copy of a folder of examples/.
func exampleProject(t *testing.T, name string) *project {
	t.Helper()
	p := newProject(t, nil)
	// Not .stack: a copy starts without history.
	entries, err := os.ReadDir(filepath.Join(repository(t), "examples", name))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		content, err := os.ReadFile(filepath.Join(repository(t), "examples", name, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		p.write(e.Name(), string(content))
	}
	return p
}

func (p *project) path(name string) string { return filepath.Join(p.dir, name) }

func (p *project) write(name, content string) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.path(name)), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(p.path(name), []byte(content), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

func (p *project) read(name string) string {
	p.t.Helper()
	content, err := os.ReadFile(p.path(name))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(content)
}

// on makes the project use an engine.
func (p *project) on(at place) *project {
	p.env, p.at = append(p.env, "DOCKER_HOST="+at.host), at
	return p
}

// result is how a command ended.
type result struct {
	args           []string
	code           int
	stdout, stderr string
	took           time.Duration
}

func (r result) String() string {
	return fmt.Sprintf("stack %s → %d after %s\n--- stdout\n%s\n--- stderr\n%s",
		strings.Join(r.args, " "), r.code, r.took.Round(time.Millisecond), tail(r.stdout), tail(r.stderr))
}

func (r result) all() string { return r.stdout + r.stderr }

func tail(s string) string {
	const most = 6000
	if len(s) > most {
		return "…" + s[len(s)-most:]
	}
	return s
}

// commandTime bounds any one command; a hanging one fails its test with what
// it said so far.
const commandTime = 10 * time.Minute

// stack runs a command to its end.
func (p *project) stack(args ...string) result {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), commandTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary(p.t, "stack"), args...)
	cmd.Dir, cmd.Env = p.dir, p.env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	begun := time.Now()
	err := cmd.Run()
	r := result{args: args, code: cmd.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String(), took: time.Since(begun)}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatalf("%v\n%s", err, r)
	}
	if ctx.Err() != nil {
		p.t.Fatalf("did not end within %s:\n%s", commandTime, r)
	}
	return r
}

// must runs a command that has to end with code.
func (p *project) must(code int, args ...string) result {
	p.t.Helper()
	r := p.stack(args...)
	if r.code != code {
		p.t.Fatalf("exit status %d, want %d:\n%s", r.code, code, r)
	}
	return r
}

// wants fails the test for each text that r lacks.
func (p *project) wants(r result, texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.all(), text) {
			p.t.Errorf("the output lacks %q:\n%s", text, r)
		}
	}
}
