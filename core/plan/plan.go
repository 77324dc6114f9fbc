// Package plan decides everything that a run would do, as a value that can be
// printed, saved and compared: which images, with which content, reused or
// built and why; which steps, where, with which request to the platform.
//
// Making a plan changes nothing anywhere. It reads files, asks the registry
// what is there, and asks the orchestrator plugin for placements through small
// interfaces, so that the same inputs give the same plan.
package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/sdk"
)

// SchemaVersion is the version of a plan's JSON.
const SchemaVersion = 1

// Plan is what a run would do. It is not changed once made.
type Plan struct {
	SchemaVersion int        `json:"schema_version"`
	Flow          string     `json:"flow"`
	Stack         string     `json:"stack"`
	Images        []Image    `json:"images"`
	Steps         []Step     `json:"steps"`
	Documents     []Document `json:"documents"`
	Diagnostics   diag.List  `json:"diagnostics"`

	// Workflow is what is submitted; its images have digests once built.
	Workflow sdk.Workflow `json:"-"`
	// Private is the plugin's own note about this plan.
	Private []byte `json:"-"`
}

// Action is what becomes of an image.
type Action string

const (
	Build Action = "build" // it will be built
	Reuse Action = "reuse" // it exists already
	Use   Action = "use"   // it is taken as it is
	None  Action = "none"  // the steps run without an image
)

// Image is one image of a plan.
type Image struct {
	Key        string   `json:"key"`       // 64 hex digits; empty with use and none
	Reference  string   `json:"reference"` // repository:tag
	Digest     *string  `json:"digest"`    // null until it is known
	Action     Action   `json:"action"`
	Reasons    []string `json:"reasons"`
	Builder    string   `json:"builder"`
	Platforms  []string `json:"platforms"`
	Steps      []string `json:"steps"`
	Base       *Base    `json:"base"`
	Dockerfile string   `json:"dockerfile"`

	// Description and Inputs are what a builder and a later plan need.
	Description image.Image  `json:"-"`
	Inputs      image.Inputs `json:"-"`
	// Local says that the image stays in the builder's own store.
	Local bool `json:"-"`
	// LocalID identifies a local image to its engine.
	LocalID string `json:"-"`
	// Force says to build even though the key exists.
	Force bool `json:"-"`
	// ExtraTags are further references that the image shall have.
	ExtraTags []string `json:"-"`
	// Previous is the inputs of the image that was used before, to say why this
	// one is built; nil where none is known.
	Previous image.Inputs `json:"-"`
	// Variables is the names of the environment variables that an image of a
	// build has.
	Variables []string `json:"-"`

	pinned bool // of a build that was named
}

// Base is the image that an image starts from.
type Base struct {
	Reference string `json:"reference"`
	Digest    string `json:"digest"`
	Locked    bool   `json:"locked"` // the digest is that of stack.lock.hcl
}

// Step is one step of a plan.
type Step struct {
	Name        string            `json:"name"`
	Needs       []string          `json:"needs"`
	When        sdk.When          `json:"when"`
	Image       *string           `json:"image"` // its key; its reference where it has no key
	Command     []string          `json:"command"`
	Environment map[string]string `json:"environment"`
	Secrets     []string          `json:"secrets"`
	Resources   Resources         `json:"resources"`
	Nodes       int               `json:"nodes"`
	Code        Code              `json:"code"`
	Placement   Placement         `json:"placement"`
}

// Resources is what a step asks for; zero means not asked.
type Resources struct {
	CPU         float64      `json:"cpu"`
	MemoryBytes int64        `json:"memory_bytes"`
	DiskBytes   int64        `json:"disk_bytes"`
	ShmBytes    int64        `json:"shm_bytes"`
	Accelerator *Accelerator `json:"accelerator"`
	Spot        bool         `json:"spot"`
	MachineType string       `json:"machine_type"`
}

// Accelerator is a request for GPUs or TPU chips.
type Accelerator struct {
	Name     string `json:"name"`
	Count    int    `json:"count"`
	Topology string `json:"topology"`
}

// Code says how the flow's code reaches a step.
type Code struct {
	From      string `json:"from"`      // repository, store, image or none
	Reference string `json:"reference"` // a commit, an archive, a folder, or empty
	Reason    string `json:"reason"`
}

// Placement is where a step would run and why.
type Placement struct {
	MachineType string     `json:"machine_type"`
	Reason      string     `json:"reason"`
	Rejected    []Rejected `json:"rejected"`
}

// Rejected is a machine that was looked at and not chosen.
type Rejected struct {
	MachineType string `json:"machine_type"`
	Reason      string `json:"reason"`
}

// Document is a native request as it would be sent.
type Document struct {
	Name      string `json:"name"`
	MediaType string `json:"media_type"`
	Content   string `json:"content"`
}

// Digest identifies what the plan would do. Whether an image is built or
// reused, where it is in the registry, and warnings do not count: they may
// differ between two looks at the same work.
func (p Plan) Digest() string {
	same := p
	same.Diagnostics = nil
	same.Images = nil
	for _, im := range p.Images {
		im.Action, im.Reasons, im.Digest = "", nil, nil
		if im.Base != nil { // how its digest is known is no part of what is done
			im.Base = &Base{Reference: im.Base.Reference, Digest: im.Base.Digest}
		}
		same.Images = append(same.Images, im)
	}
	same.Documents = nil // made from the steps; they hold digests once built
	data, err := json.Marshal(same)
	if err != nil {
		panic(fmt.Sprintf("a plan cannot be encoded: %v", err)) // only strings and numbers
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
