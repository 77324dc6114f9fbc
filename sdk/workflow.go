package sdk

import "time"

// Workflow is a flow with everything decided: matrix steps multiplied,
// parameters filled in, images given. Its steps are in an order in which every
// step comes after those it needs.
type Workflow struct {
	Flow       string
	RunID      string            // lower-case letters, digits and "-", 63 at most; empty while planning
	Labels     map[string]string // to be put on what the platform creates
	FailFast   bool              // a failure keeps steps that have not started from starting
	Timeout    time.Duration     // of the whole run; 0 is none
	SourceRoot string            // absolute path on this machine; for CapLocalFiles
	Steps      []Step
}

// Step is one containerised command.
type Step struct {
	Name        string // train, or train[lr=0.1] for a variant of a matrix
	Group       string // the name in flow.yaml, shared by a matrix's variants
	MaxParallel int    // how many of the group may run at once; 0 is no limit
	Needs       []string
	When        When

	Image   *Image   // nil without CapImages
	Command []string // argv, after PathReference expansion
	Workdir string   // absolute in the image; empty: the image's own, or the source root

	Environment []EnvVar // in the order to be set
	Secrets     []string // names whose every key becomes a variable, by reference

	Resources Resources
	Nodes     int // 1 or more
	Retry     Retry
	Timeout   time.Duration // of each attempt; 0 is none

	Inputs  []Input
	Outputs []Output

	Orchestrator Config // the step's settings in the plugin's schema, or nil
}

// When says which ends of its needs a step waits for.
type When string

const (
	WhenSuccess When = "success" // all needs succeeded
	WhenAlways  When = "always"  // all needs ended, however
	WhenFailed  When = "failed"  // all needs ended and one failed
)

// Image is what a step runs in.
type Image struct {
	Reference string // repository:tag, or a name that the engine on this machine knows
	Digest    string // sha256:…; empty: not built yet, or local to an engine
	Platform  string // linux/amd64
}

// Pinned is the reference to run: by digest where there is one.
func (i Image) Pinned() string {
	if i.Digest == "" {
		return i.Reference
	}
	return repositoryOf(i.Reference) + "@" + i.Digest
}

// EnvVar is one variable of a step's environment.
type EnvVar struct {
	Name, Value string
}

// Resources is what a step asks for. Zero means not asked.
type Resources struct {
	CPU         float64 // cores
	MemoryBytes int64
	DiskBytes   int64
	ShmBytes    int64
	Accelerator *Accelerator
	Spot        bool
	MachineType string // the way out: the platform's own name
}

// Accelerator is a canonical accelerator request, such as {h100 8 ""} or
// {tpu-v5p 8 2x2x2}. The name "gpu" means any GPU.
type Accelerator struct {
	Name     string
	Count    int // GPUs, or TPU chips
	Topology string
}

// Retry is how often and how soon a failed step is started again.
type Retry struct {
	Max     int           // extra attempts
	Backoff time.Duration // before the first of them; doubles each time
}

// Input is a file or folder that another step made. The step finds it at the
// path in the variable STACK_INPUT_name.
type Input struct {
	Name    string
	Sources []Source
	Many    bool // a folder with one entry for each source, named by Source.Entry
}

// Source is an output of another step.
type Source struct {
	Step   string
	Output string
	Entry  string // the name in the input's folder, with Input.Many
}

// Output is what the step makes at the path in the variable
// STACK_OUTPUT_name. A step that succeeds without making it has failed.
type Output struct {
	Name string
	Type OutputType
}

// OutputType is file or directory.
type OutputType string

const (
	OutputFile      OutputType = "file"
	OutputDirectory OutputType = "directory" // made empty before the step starts
)
