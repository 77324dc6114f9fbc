package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/stackrun/stack/plugins/docker/internal/engine"
	"github.com/stackrun/stack/plugins/docker/internal/reaper"
	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/driver"
)

// executor starts attempts as containers.
type executor struct {
	client  *client.Client
	config  stackConfig
	program string // the plugin's own executable
	log     *slog.Logger
	images  images

	mu     sync.Mutex
	reaper *reaper.Reaper // nil until the first container
}

// Start brings a container up to running.
func (e *executor) Start(ctx context.Context, a driver.Attempt) (_ driver.Process, err error) {
	if a.Step.Image == nil {
		return nil, &driver.Failure{Permanent: true, Err: errors.New("the step has no image")}
	}
	own, problems := decodeStep(a.Step.Name, a.Step.Orchestrator)
	if len(problems) > 0 {
		return nil, &driver.Failure{Permanent: true, Err: errors.New(problems[0].Summary)}
	}
	if err := e.images.ensure(ctx, e.client, *a.Step.Image); err != nil {
		return nil, err
	}
	watch, err := e.reaping()
	if err != nil {
		return nil, err
	}
	c := &containerProcess{client: e.client, attempt: a, log: e.log, reaper: watch, name: containerName(a.RunID, a.Step.Name, strconv.Itoa(a.Number))}
	if err := watch.Made(c.name); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			c.remove()
		}
	}()
	s := attemptSpec(a, e.config, own)
	created, err := e.client.ContainerCreate(ctx, client.ContainerCreateOptions{
		Config: s.Config, HostConfig: s.HostConfig, Name: c.name, Platform: platform(s.Platform),
	})
	if err != nil {
		return nil, fmt.Errorf("create container: %w", err)
	}
	c.id = created.ID
	for _, warning := range created.Warnings { // such as a limit that the kernel lacks
		e.log.Warn("the engine warns", "container", c.name, "warning", warning)
	}
	if err := c.sendFiles(ctx); err != nil {
		return nil, err
	}
	if err := c.attach(); err != nil {
		return nil, err
	}
	if _, err := e.client.ContainerStart(ctx, c.id, client.ContainerStartOptions{}); err != nil {
		return nil, startFailure(err)
	}
	return c, nil
}

// startFailure says whether trying again could help: what the image or the
// machine lacks, it will lack then too.
func startFailure(err error) error {
	permanent := errdefs.IsInvalidArgument(err) || errdefs.IsNotFound(err) || strings.Contains(err.Error(), "could not select device driver")
	return &driver.Failure{Reason: sdk.ReasonStart, Permanent: permanent, Err: fmt.Errorf("start container: %w", err)}
}

func containerName(runID, step, attempt string) string {
	return fmt.Sprintf("stack-%s-%s-%s", runID, driver.SafeName(step), attempt)
}

func labels(a driver.Attempt) map[string]string {
	out := make(map[string]string, len(a.Labels)+4)
	for name, value := range a.Labels {
		out[name] = value
	}
	out[labelRun], out[labelFlow], out[labelStep], out[labelAttempt] = a.RunID, a.Flow, a.Step.Name, strconv.Itoa(a.Number)
	return out
}

// platform reads linux/arm64/v8; nil is the engine's own.
func platform(text string) *ocispec.Platform {
	parts := strings.Split(text, "/")
	if len(parts) < 2 {
		return nil
	}
	p := &ocispec.Platform{OS: parts[0], Architecture: parts[1]}
	if len(parts) > 2 {
		p.Variant = parts[2]
	}
	return p
}

// reaping is the process that removes containers should this one be killed.
func (e *executor) reaping() (*reaper.Reaper, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.reaper == nil {
		r, err := reaper.Start(e.program, e.config.Host)
		if err != nil {
			return nil, err
		}
		e.reaper = r
	}
	return e.reaper, nil
}

func (e *executor) close(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.reaper == nil {
		return nil
	}
	err := e.reaper.Close(ctx)
	e.reaper = nil
	return err
}

// Sweep removes what is left of a run.
func (e *executor) Sweep(ctx context.Context, runID string) error {
	for {
		found, err := e.client.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: client.Filters{}.Add("label", labelRun+"="+runID)})
		if err != nil {
			return engine.Error("find containers", err)
		}
		if len(found.Items) == 0 {
			return nil
		}
		for _, c := range found.Items {
			if err := removeContainer(ctx, e.client, c.ID); err != nil {
				return engine.Error("remove container "+c.ID, err)
			}
		}
	}
}

// removeContainer removes a container, running or not, and waits for the end of
// a removal that is under way.
func removeContainer(ctx context.Context, c *client.Client, id string) error {
	for {
		_, err := c.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		switch {
		case err == nil, errdefs.IsNotFound(err):
			return nil
		case !errdefs.IsConflict(err): // "removal is already in progress"
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
