// Package sdk is what the author of an orchestrator plugin works with: the
// Orchestrator interface, the values that pass through it, and the schema of
// the plugin's configuration. The engine of stack calls this same interface,
// so there is nothing between the two but a process boundary.
//
// A plugin is an executable named stack-orchestrator-NAME whose main is one
// line of package sdk/serve. Package sdk/driver runs a workflow's graph for
// platforms that have no graph engine of their own, and sdk/conformance is the
// suite that every plugin must pass.
//
// This package imports the standard library only. Its types change by
// addition; what is removed or changes its meaning raises ProtocolVersion.
package sdk

import (
	"context"
	"encoding/json"
	"time"
)

// ProtocolVersion is the version of the wire protocol. Host and plugin must
// share it; within one version features are told by capabilities.
const ProtocolVersion = 1

// Orchestrator submits workflows to one platform and tells how they fare.
//
// The host calls Handshake first, and Configure once before Plan, Submit,
// Watch, Logs, Cancel or List. Calls may come at the same time. A context that
// is cancelled ends its call promptly; it never cancels a run.
//
// Three channels carry trouble, and they are never mixed: a mistake in the
// user's configuration is a Diagnostic, a failed operation is an error
// (best an *Error), and a step that fails is an Event.
type Orchestrator interface {
	// Handshake says who the plugin is and what it can do. No input or output.
	Handshake(ctx context.Context, host Host) (Info, error)

	// Schema describes the configuration that the plugin takes in stacks.hcl
	// and on steps. Constant for a given binary.
	Schema(ctx context.Context) (Schema, error)

	// Validate checks configuration as far as it goes without a network.
	Validate(ctx context.Context, stack Config, steps map[string]Config) ([]Diagnostic, error)

	// Configure fixes the configuration for the life of the process.
	Configure(ctx context.Context, c Configuration) (Identity, []Diagnostic, error)

	// Plan says where each step would run and what would be sent, without
	// changing anything. The same workflow gives the same plan. Unless online,
	// it uses no network. A step whose image has no digest yet is planned all
	// the same.
	Plan(ctx context.Context, w Workflow, online bool) (Plan, []Diagnostic, error)

	// Submit hands the whole workflow to the platform. It is idempotent on
	// w.RunID: a second call finds the first one's run and starts nothing.
	// private is Plan.Private of the plan that the user saw.
	Submit(ctx context.Context, w Workflow, private []byte) (Submission, error)

	// Watch calls yield with a snapshot of the run (an event for the run and
	// for every step), then EventSnapshotDone, then every change, until the
	// run's final event. It returns nil after that event, or when
	// req.SnapshotOnly is set after EventSnapshotDone. An error of yield ends
	// it and is returned.
	Watch(ctx context.Context, req WatchRequest, yield func(Event) error) error

	// Logs calls yield with what a step wrote, in the order written, oldest
	// first. With req.Follow it goes on until the step, or where none is named
	// the run, has ended.
	Logs(ctx context.Context, req LogsRequest, yield func(LogChunk) error) error

	// Cancel asks the platform to stop a run. It is idempotent and returns
	// when the request is accepted; the end is seen through Watch.
	Cancel(ctx context.Context, req CancelRequest) (alreadyDone bool, err error)

	// List finds the runs that the platform knows, newest first.
	List(ctx context.Context, req ListRequest) (runs []RunSummary, nextPage string, err error)
}

// Config is configuration as JSON: an object that matches a Block of the
// plugin's schema, with defaults filled in by the host.
type Config = json.RawMessage

// Host tells a plugin who is calling.
type Host struct {
	Version string // of stack
}

// Info is who the plugin is and what it can do.
type Info struct {
	Name         string // as in the executable's name
	Version      string
	Capabilities []Capability
}

// Has reports whether the plugin declared c.
func (i Info) Has(c Capability) bool {
	for _, have := range i.Capabilities {
		if have == c {
			return true
		}
	}
	return false
}

// Capability is something that not every platform can do. One that is absent
// is not supported, and the host refuses settings that need it before anything
// is built. Unknown ones are ignored.
type Capability string

const (
	// CapImages: steps run in images. Without it no image is built.
	CapImages Capability = "images"
	// CapDetach: a run goes on when the host's process ends.
	CapDetach Capability = "detach"
	// CapLocalFiles: steps see this machine's file system, so that the artifact
	// store may be a folder and source need not be in an image.
	CapLocalFiles Capability = "local_files"
	// CapHostEnvironment: steps get the caller's environment, which the host
	// then passes in Configuration.Environment.
	CapHostEnvironment Capability = "host_environment"
	// CapRunner: the platform can put a runner beside an image that lacks it.
	CapRunner Capability = "runner"
	// CapMultiNode: a step may have more than one node.
	CapMultiNode Capability = "multi_node"
	// CapSpot: steps may run on capacity that can be taken away.
	CapSpot Capability = "spot"
	// CapCancelStep: single steps can be cancelled.
	CapCancelStep Capability = "cancel_step"
	// CapOnlinePlan: Plan with online set asks the platform.
	CapOnlinePlan Capability = "online_plan"
)

// Configuration is everything fixed before work begins.
type Configuration struct {
	Stack         Config            // the orchestrator's block of stacks.hcl
	StateDir      string            // absolute; a folder of the plugin's own that outlives the process; made before Submit
	ArtifactStore string            // URL, such as file:///home/me/churn/.stack/store
	Environment   map[string]string // the caller's, only with CapHostEnvironment
}

// Identity is who submits, shown before anything is submitted.
type Identity struct {
	Principal string // a user or service account, as the platform writes it
	Account   string // project, subscription, cluster or host
	Region    string
}

// Plan is what a workflow would become on the platform.
type Plan struct {
	Placements []Placement // one for each step, in the workflow's order
	Documents  []Document  // what would be sent
	Private    []byte      // handed back to Submit unread
}

// Placement says where a step runs and why.
type Placement struct {
	Step        string
	MachineType string // as the platform names it
	Location    string
	Reason      string // why this one, in a sentence
	Rejected    []Rejected
}

// Rejected is a machine that was looked at and not chosen.
type Rejected struct {
	MachineType string
	Reason      string
}

// Document is a native request as it would be sent, secrets by reference.
type Document struct {
	Name      string
	MediaType string
	Content   []byte
}

// Submission is a run that the platform has accepted.
type Submission struct {
	Handle         Handle
	URL            string // where a person can look at the run, or empty
	AlreadyExisted bool   // the run id was submitted before
}

// Handle lets a later process find a run again. The host keeps it unread.
type Handle []byte

// WatchRequest names a run to watch.
type WatchRequest struct {
	RunID        string
	Handle       Handle
	SnapshotOnly bool // return after the snapshot
}

// LogsRequest names what to read.
type LogsRequest struct {
	RunID   string
	Handle  Handle
	Step    string // empty: every step, told apart by LogChunk.Step
	Attempt int    // 0: the latest
	Follow  bool
	Tail    int    // last lines only; 0 means all
	Resume  []byte // LogChunk.Resume of the last chunk that was taken
}

// LogChunk is a piece of what a step wrote.
type LogChunk struct {
	Step    string
	Attempt int
	Node    int
	Time    time.Time
	Stderr  bool
	Data    []byte // as written: any bytes, lines may be cut anywhere
	Resume  []byte // reading again from here gives what follows this chunk
	Gap     string // set when output before this chunk is lost: why
}

// CancelRequest names a run to stop.
type CancelRequest struct {
	RunID  string
	Handle Handle
	Steps  []string      // empty: the whole run; else needs CapCancelStep
	Grace  time.Duration // from the polite signal to the final one; 0 is the plugin's default
}

// ListRequest narrows List.
type ListRequest struct {
	Labels   map[string]string // all must match
	Since    time.Time
	PageSize int // 0: the plugin's choice
	Page     string
}

// RunSummary is a run as the platform knows it.
type RunSummary struct {
	RunID   string
	Handle  Handle
	Flow    string
	Labels  map[string]string
	State   State
	Reason  Reason
	Created time.Time
	URL     string
}
