package builder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	gateway "github.com/moby/buildkit/frontend/gateway/pb"
	solver "github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/util/grpcerrors"
	"github.com/moby/moby/client"
	"google.golang.org/grpc/codes"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
)

// engineFailure is a call of the engine that failed, with what to do about it.
func engineFailure(ctx context.Context, action string, engine *client.Client, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", action, ctx.Err())
	}
	err = fmt.Errorf("%s: %w", action, err)
	text := err.Error()
	switch {
	case errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EACCES) || strings.Contains(text, "permission denied while trying to connect"):
		return diag.Fail(diag.BuilderDown, err, "this user may not use the engine's socket: join its group (`sudo usermod -aG docker $USER`, then sign in again)")
	case engineIsDown(err) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist):
		return diag.Fail(diag.BuilderDown, err, fmt.Sprintf("start the Docker Engine, or say where it is with DOCKER_HOST or host in the image_builder block (tried %s)", shownHost(engine)))
	case strings.Contains(text, "no space left on device"):
		return diag.Fail(diag.DiskFull, err, "free space on the engine's machine, such as with `docker builder prune`")
	}
	return diag.Fail(diag.BuilderDown, err, "`stack doctor` shows whether the engine can be used")
}

// buildFailure is a build that failed: a changed file, a base that is not
// there, an instruction that failed, or the engine.
func buildFailure(ctx context.Context, engine *client.Client, r build.Request, stage image.Stage, context *files, w *watcher, err error) error {
	// The error of a cancelled build is not one of context's own.
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if refused := context.refused(); refused != nil {
		hint := "run the command again when nothing writes to the source; it makes a new key"
		var changed *changedError
		if errors.As(refused, &changed) {
			hint = fmt.Sprintf("run the command again; if something goes on writing to it, add %s to .dockerignore, or write it outside the source root", changed.path)
		}
		return diag.Fail(diag.BuildFailed, refused, hint)
	}
	text := w.mask.Replace(err.Error())
	name, lines := w.failure()
	switch {
	case strings.Contains(text, "no space left on device"):
		return diag.Fail(diag.DiskFull, fmt.Errorf("%s", text), "free space on the engine's machine, such as with `docker builder prune`")
	case strings.HasPrefix(name, "exporting to ") && strings.Contains(text, "failed to push"):
		return pushFailure(ctx, "push "+r.Destination, errors.New(text))
	case strings.HasPrefix(name, "exporting cache to "):
		return cacheFailure(text)
	case strings.HasPrefix(name, loadingBase):
		return baseFailure(strings.TrimPrefix(name, loadingBase), text)
	case engineIsDown(err) || grpcerrors.Code(err) == codes.Unavailable && name == "":
		return engineFailure(ctx, "build", engine, errors.New(text))
	}
	if err := emulationFailure(ctx, engine, r, name, lines, text); err != nil {
		return err
	}
	var b strings.Builder
	if name == "" {
		b.WriteString(text)
	} else {
		b.WriteString(name)
		var exit *gateway.ExitError
		if errors.As(err, &exit) {
			fmt.Fprintf(&b, " failed with exit code %d", exit.ExitCode)
		} else {
			b.WriteString(" failed: " + text)
		}
	}
	if line := lineOf(err, name, stage.Dockerfile); line > 0 {
		fmt.Fprintf(&b, "\n  Dockerfile:%d", line)
	}
	for _, l := range lines {
		b.WriteString("\n  | " + l)
	}
	return diag.Fail(diag.BuildFailed, errors.New(b.String()), "")
}

// cacheFailure is a cache that could not be written.
func cacheFailure(text string) error {
	err := fmt.Errorf("build option cache_to: write the cache: %s", text)
	if deniedText.MatchString(text) {
		return diag.Fail(diag.RegistryDenied, err, "sign in to the cache's registry with `docker login`, and check that the account may push there")
	}
	return diag.Fail(diag.RegistryDown, err, "check that the engine can reach the cache's registry, or add ignore-error=true to the entry")
}

// engineIsDown reports whether nobody answered. BuildKit's client passes the
// engine client's error on as text.
func engineIsDown(err error) bool {
	return client.IsErrConnectionFailed(err) || strings.Contains(strings.ToLower(err.Error()), "cannot connect to the docker daemon")
}

// loadingBase begins the name of the vertex in which every BuildKit's frontend
// asks for an image that a FROM names.
const loadingBase = "[internal] load metadata for "

// baseFailure is why an image that a build starts from cannot be had. Engines
// give no code, and only the words that come from registries are the same.
func baseFailure(reference, text string) error {
	err := fmt.Errorf("load base image %s: %s", reference, text)
	switch {
	case deniedText.MatchString(text):
		return diag.Fail(diag.RegistryDenied, err, "sign in to the registry with `docker login`; some say so of an image that does not exist, too")
	case strings.Contains(text, "no match for platform"):
		return diag.Fail(diag.BasePlatform, err, "use a platform that the image exists for, or another base image")
	case strings.Contains(text, "not found"):
		return diag.Fail(diag.BaseNotFound, err, "check the name and the tag")
	}
	return diag.Fail(diag.RegistryDown, err, "check that the engine can reach the registry")
}

// lineOf is the line of the Dockerfile that an error is about: as the engine
// says, or, from one that does not, the instruction that has the name of the
// vertex. 0 is unknown.
func lineOf(err error, name string, dockerfile []byte) int {
	for _, s := range solver.Sources(err) {
		for _, r := range s.Ranges {
			return int(r.Start.Line)
		}
	}
	_, instruction, ok := strings.Cut(name, "] ")
	if !ok {
		return 0
	}
	parsed, parseErr := parser.Parse(strings.NewReader(string(dockerfile)))
	if parseErr != nil {
		return 0
	}
	for _, node := range parsed.AST.Children {
		if squeezed(node.Original) == squeezed(instruction) {
			return node.StartLine
		}
	}
	return 0
}

func squeezed(s string) string { return strings.Join(strings.Fields(s), " ") }
