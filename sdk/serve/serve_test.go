package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"google.golang.org/grpc"
)

// TestMain lets the test binary play a plugin that a person starts.
func TestMain(m *testing.M) {
	if os.Getenv("STACK_TEST_BY_HAND") == "" {
		os.Exit(m.Run())
	}
	os.Exit(Process(os.Args, Service{Kind: "orchestrator", Version: 1, New: func(*slog.Logger) Instance {
		return Instance{
			Register: func(grpc.ServiceRegistrar) {},
			Describe: func(context.Context) (string, error) { return "slurm 0.4.1", nil },
		}
	}}))
}

func TestStartedByHand(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		args           []string
		status         int
		stdout, stderr string
	}{
		{[]string{"--version"}, 0, "slurm 0.4.1 (orchestrator plugin of stack, protocol 1)\n", ""},
		{[]string{"--help"}, 0, "started by hand it does nothing", ""},
		{nil, 2, "", "started by hand it does nothing"},
		{[]string{"--nonsense"}, 2, "", "--plugin NAME="},
	} {
		t.Run(strings.Join(tc.args, " "), func(t *testing.T) {
			cmd := exec.Command(program, tc.args...)
			cmd.Env = append(os.Environ(), "STACK_TEST_BY_HAND=1")
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			err := cmd.Run()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if status := cmd.ProcessState.ExitCode(); status != tc.status {
				t.Errorf("exit status %d, want %d", status, tc.status)
			}
			if !strings.Contains(stdout.String(), tc.stdout) || (tc.stdout == "") != (stdout.Len() == 0) {
				t.Errorf("standard output is %q", stdout.String())
			}
			if !strings.Contains(stderr.String(), tc.stderr) || (tc.stderr == "") != (stderr.Len() == 0) {
				t.Errorf("standard error is %q", stderr.String())
			}
		})
	}
}

func TestLogLinesAreThoseOfHclog(t *testing.T) {
	var out bytes.Buffer
	newLogger(&out).Warn("queue is full", "queue", "main", slog.Group("g", "msg", 1))
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if line["@level"] != "warn" || line["@message"] != "queue is full" || line["queue"] != "main" || line["@timestamp"] == nil {
		t.Errorf("the line is %s", out.Bytes())
	}
}
