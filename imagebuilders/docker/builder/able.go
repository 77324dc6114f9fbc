package builder

import (
	"context"
	"fmt"
	"strings"

	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/client"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
)

// need is something that not every engine can do, and that those which cannot
// leave out without a word.
type need struct {
	what string // such as the build option shm_size
	hint string // what to do where the engine cannot
	able func(engine abilities) bool
}

// abilities is what engines differ in.
type abilities struct {
	containerdStore bool // keeps images in containerd
	shmSize         bool // BuildKit 0.10 came with the API 1.42, and with the size of /dev/shm
}

// needsOf is what a request needs of an engine. It reads all options, so that
// one which nobody understands is refused before anything is built.
func needsOf(r build.Request, c config) ([]need, error) {
	var all []need
	if c.Reproducible {
		all = append(all, need{"reproducible of the image_builder block", "remove it, or " + turnOn,
			func(a abilities) bool { return a.containerdStore }})
	}
	written := map[string]bool{}
	for _, stage := range r.Stages {
		o, err := readOptions(stage.Options)
		if err != nil {
			return nil, err
		}
		if o.shmSize > 0 {
			all = append(all, need{"the build option shm_size", "remove it, or use an engine of version 23 or newer",
				func(a abilities) bool { return a.shmSize }})
		}
		for _, entry := range o.cacheTo {
			if entry.Type != "registry" {
				continue
			}
			ref := entry.Attrs["ref"]
			if written[ref] {
				return nil, diag.Fail(diag.BadValue, fmt.Errorf("build option cache_to: %s is written by two builds of one image, and would hold the cache of the last", ref),
					"use another reference in dockerfile_build than in build")
			}
			written[ref] = true
			all = append(all, need{"the build option cache_to with type=registry", "use type=inline, or " + turnOn,
				func(a abilities) bool { return a.containerdStore }})
		}
	}
	return all, nil
}

const turnOn = "turn the engine's containerd-snapshotter on"

// able refuses what the engine would ignore.
func (b *Builder) able(ctx context.Context, engine *client.Client, needs []need) error {
	action := "reach the Docker Engine at " + shownHost(engine)
	if len(needs) == 0 {
		// The first call of the build would tell, too, but not in what way.
		if _, err := engine.Ping(ctx, client.PingOptions{}); err != nil {
			return engineFailure(ctx, action, engine, err)
		}
		return nil
	}
	info, err := engine.Info(ctx, client.InfoOptions{})
	if err != nil {
		return engineFailure(ctx, action, engine, err)
	}
	version, err := engine.ServerVersion(ctx, client.ServerVersionOptions{})
	if err != nil {
		return engineFailure(ctx, action, engine, err)
	}
	can := abilities{containerdStore: hasContainerdStore(info.Info), shmSize: !olderThan(version.APIVersion, 1, 42)}
	for _, n := range needs {
		if !n.able(can) {
			return diag.Fail(diag.BuilderCannot, fmt.Errorf("the Docker Engine %s at %s cannot honour %s", version.Version, shownHost(engine), n.what), n.hint)
		}
	}
	return nil
}

// hasContainerdStore reports whether the engine keeps images in containerd.
func hasContainerdStore(info system.Info) bool {
	for _, entry := range info.DriverStatus {
		if entry[0] == "driver-type" && strings.Contains(entry[1], "snapshotter") {
			return true
		}
	}
	return false
}

// olderThan compares a version of the API, such as 1.41.
func olderThan(version string, major, minor int) bool {
	var hasMajor, hasMinor int
	if n, err := fmt.Sscanf(version, "%d.%d", &hasMajor, &hasMinor); n != 2 || err != nil {
		return true
	}
	return hasMajor < major || hasMajor == major && hasMinor < minor
}
