//go:build engine

// Package engine pins the programs of the present-day container engine that
// the end-to-end tests run against: dockerd and the runc it needs. It has no
// code of its own; up.sh builds the two commands named here and keeps them by
// version in the cache. Apart from the main module, so that no product binary
// can ever link any of it.
package engine

import (
	_ "github.com/moby/moby/v2/cmd/dockerd"
	_ "github.com/opencontainers/runc"
)
