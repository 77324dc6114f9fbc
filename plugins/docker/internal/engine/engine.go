// Package engine connects to a Docker Engine, and turns its refusals into
// errors that say what to do. What is asked of an engine is left to others.
package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"github.com/stackrun/stack/sdk"
)

// Connect makes a client for the engine at host; empty means as the docker
// command finds it: DOCKER_HOST, then the current context, then the default
// socket. Nothing is sent. The API version is negotiated with the first call.
func Connect(host string) (*client.Client, error) {
	options := []client.Opt{client.FromEnv, client.WithUserAgent("stack-orchestrator-docker")}
	if host == "" && os.Getenv(client.EnvOverrideHost) == "" {
		var err error
		if host, err = contextHost(os.Getenv, os.ReadFile); err != nil {
			return nil, &sdk.Error{Origin: sdk.OriginUser, Message: err.Error(), Hint: "Name the engine in the stack: orchestrator \"docker\" { host = \"unix:///var/run/docker.sock\" }"}
		}
	}
	if host != "" {
		options = append(options, client.WithHost(host))
	}
	c, err := client.New(options...)
	if err != nil {
		return nil, &sdk.Error{Origin: sdk.OriginUser, Message: fmt.Sprintf("docker engine at %q: %v", host, err), Hint: "Check the stack's host, and DOCKER_HOST."}
	}
	return c, nil
}

// Error is a failed call as the host understands it. what names the action.
func Error(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w", what, err)
	}
	out := &sdk.Error{Origin: sdk.OriginPlatform, Message: what + ": " + err.Error()}
	switch {
	case client.IsErrConnectionFailed(err) && strings.Contains(err.Error(), "permission denied"):
		out.Origin, out.Denied = sdk.OriginUser, true
		out.Hint = "Join the group that owns the engine's socket (often \"docker\"), or run as a user who may use it."
	case client.IsErrConnectionFailed(err):
		out.Retryable = true
		out.Hint = "Start Docker, or name another engine: DOCKER_HOST, or host in the stack's orchestrator block."
	case errdefs.IsUnauthorized(err), errdefs.IsPermissionDenied(err):
		out.Origin, out.Denied = sdk.OriginUser, true
	case errdefs.IsNotFound(err):
		out.NotFound = true
	case errdefs.IsUnavailable(err):
		out.Retryable = true
	}
	return out
}
