package diag

import (
	"fmt"
	"sort"
)

// Code names a kind of diagnostic. It never changes its meaning, so that it
// can be looked up and matched by scripts. Hundreds group by subject:
// 0 the program, 1 the flow, 2 the stacks, 3 settings, 4 images and keys,
// 5 builds, 6 placement, 7 runs, 8 plugins; SEC for secrets, GPU for images that
// do not fit the accelerator.
type Code string

// The codes. Each has a row in the table below, from which docs/diagnostics.md
// is made.
const (
	Internal        Code = "STK0001"
	Usage           Code = "STK0002"
	FileUnreadable  Code = "STK0003"
	FileNotFound    Code = "STK0004"
	DiskFull        Code = "STK0005"
	NotBuiltYet     Code = "STK0006"
	Interrupted     Code = "STK0007"
	Syntax          Code = "STK1001"
	Version         Code = "STK1002"
	UnknownField    Code = "STK1203"
	WrongType       Code = "STK1204"
	MissingField    Code = "STK1205"
	BadValue        Code = "STK1206"
	BadName         Code = "STK1207"
	Duplicate       Code = "STK1208"
	Conflict        Code = "STK1209"
	Deprecated      Code = "STK1210"
	UnknownStep     Code = "STK1301"
	Cycle           Code = "STK1302"
	UnknownOutput   Code = "STK1303"
	BadExpression   Code = "STK1304"
	UnknownParam    Code = "STK1305"
	UnsetVariable   Code = "STK1306"
	OutsideSource   Code = "STK1401"
	StackNotFound   Code = "STK2001"
	StackAbstract   Code = "STK2002"
	StackVariable   Code = "STK2003"
	StackComponent  Code = "STK2004"
	StackInherits   Code = "STK2005"
	SettingConflict Code = "STK3001"
	SettingPath     Code = "STK3002"
	SettingIgnored  Code = "STK3003"
	BaseNotFound    Code = "STK4001"
	TagTwice        Code = "STK4002"
	BadDockerfile   Code = "STK4003"
	BadRequirement  Code = "STK4004"
	BasePlatform    Code = "STK4005"
	Contradiction   Code = "STK4006"
	LockStale       Code = "STK4010"
	NotLocked       Code = "STK4011"
	UVLockStale     Code = "STK4012"
	ExportFailed    Code = "STK4013"
	BuildFailed     Code = "STK5001"
	BuilderDown     Code = "STK5002"
	RegistryDown    Code = "STK5003"
	RegistryDenied  Code = "STK5004"
	BuilderCannot   Code = "STK5005"
	WrongPlatform   Code = "STK5006"
	NoEmulation     Code = "STK5007"
	BuildNotFound   Code = "STK5010"
	BuildUnusable   Code = "STK5011"
	BuildGone       Code = "STK5012"
	Placement       Code = "STK6001"
	Unsupported     Code = "STK6002"
	RunNotFound     Code = "STK7001"
	RunFailed       Code = "STK7002"
	RunCancelled    Code = "STK7003"
	PlanStale       Code = "STK7004"
	RecordCorrupt   Code = "STK7005"
	RunExists       Code = "STK7006"
	WaitTimeout     Code = "STK7007"
	PlatformDown    Code = "STK7008"
	PlatformDenied  Code = "STK7009"
	PluginNotFound  Code = "STK8001"
	PluginHash      Code = "STK8002"
	PluginCrashed   Code = "STK8003"
	PluginProtocol  Code = "STK8004"
	PluginDiag      Code = "STK8005"
	SecretInPlain   Code = "SEC201"
	SecretName      Code = "SEC202"
	SecretMissing   Code = "SEC203"
	GPUCPUOnly      Code = "GPU101"
	GPUTooOld       Code = "GPU102"
	GPUNoRuntime    Code = "GPU103"
	GPUMixedCUDA    Code = "GPU104"
	GPUUnused       Code = "GPU105"
	GPUOtherKind    Code = "GPU106"
)

// Meaning is what the documentation says of a code.
type Meaning struct {
	Code  Code
	Exit  Exit
	Title string // what is wrong, in a few words
	Help  string // what to do about it
}

// Exit is the exit status that an error of this code gives the process. A code
// that the table lacks, such as a plugin's own, is wrong configuration.
func (c Code) Exit() Exit {
	if m, ok := meanings()[c]; ok {
		return m.Exit
	}
	return ExitUsage
}

// Meanings is the table of all codes, sorted by code.
func Meanings() []Meaning {
	var all []Meaning
	for _, m := range meanings() {
		all = append(all, m)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Code < all[j].Code })
	return all
}

func meanings() map[Code]Meaning {
	table := map[Code]Meaning{}
	add := func(c Code, exit Exit, title, help string) {
		if _, twice := table[c]; twice {
			panic(fmt.Sprintf("diagnostic code %s is defined twice", c))
		}
		table[c] = Meaning{Code: c, Exit: exit, Title: title, Help: help}
	}
	add(Internal, ExitInternal, "internal error", "This is a defect of stack. Report it with the command that was run.")
	add(Usage, ExitUsage, "wrong command line", "Run the command with --help.")
	add(FileUnreadable, ExitUsage, "file cannot be read", "Check that the file exists and that you may read it.")
	add(FileNotFound, ExitNotFound, "file does not exist", "Check the path; it is relative to the working directory.")
	add(DiskFull, ExitInternal, "a file could not be written", "Free space or fix permissions for the folder named; nothing half-written is left behind.")
	add(NotBuiltYet, ExitUsage, "feature not available in this version", "The message says what to use instead.")
	add(Interrupted, ExitInterrupted, "interrupted", "The work was stopped by a signal; run the command again.")
	add(Syntax, ExitUsage, "file is not well formed", "Fix the syntax at the place shown.")
	add(Version, ExitUsage, "file version is not supported", "This stack reads version 1.")
	add(UnknownField, ExitUsage, "unknown field", "Remove the field or fix its spelling; `stack schema flow` lists all of them.")
	add(WrongType, ExitUsage, "value has the wrong type", "Write a value of the type named.")
	add(MissingField, ExitUsage, "required field is missing", "Add the field named.")
	add(BadValue, ExitUsage, "value is not allowed", "Use one of the values or the form named.")
	add(BadName, ExitUsage, "name is not allowed", "Names are [a-z][a-z0-9_-]{0,62}.")
	add(Duplicate, ExitUsage, "name is used twice", "Rename or remove one of them.")
	add(Conflict, ExitUsage, "fields exclude each other", "Keep one of them.")
	add(Deprecated, ExitUsage, "field is deprecated", "Use what the message names instead.")
	add(UnknownStep, ExitUsage, "unknown step", "Name a step of this flow.")
	add(Cycle, ExitUsage, "steps need each other in a circle", "Remove one of the needs named.")
	add(UnknownOutput, ExitUsage, "unknown output", "Name an output that the step declares.")
	add(BadExpression, ExitUsage, "expression cannot be evaluated", "Expressions read params.X, matrix.X, inputs.X, outputs.X and steps.S.outputs.X.")
	add(UnknownParam, ExitUsage, "unknown parameter", "Name a parameter that the flow declares.")
	add(UnsetVariable, ExitUsage, "environment variable is not set", "Set the variable, or write ${NAME:-default}.")
	add(OutsideSource, ExitUsage, "path leads outside the source root", "Move the file below the source root, or copy it instead of linking to it.")
	add(StackNotFound, ExitNotFound, "stack does not exist", "`stack stacks list` shows the stacks that exist.")
	add(StackAbstract, ExitUsage, "stack is abstract", "Use a stack that inherits from it.")
	add(StackVariable, ExitUsage, "stack variable has no value or a wrong one", "Give it with --var NAME=VALUE, STACK_VAR_NAME or a *.stackvars.hcl file.")
	add(StackComponent, ExitUsage, "stack component is missing or wrong", "Fix the block at the place shown.")
	add(StackInherits, ExitUsage, "inheritance of stacks cannot be resolved", "Fix `inherits` at the place shown.")
	add(SettingConflict, ExitUsage, "settings contradict each other", "Keep one of them; `stack explain` shows where each comes from.")
	add(SettingPath, ExitUsage, "setting does not exist", "`stack explain FLOW` lists what can be set.")
	add(SettingIgnored, ExitUsage, "setting has no effect here", "Remove it, or choose a stack on which it has one.")
	add(BaseNotFound, ExitNotFound, "base image does not exist", "Check the name and tag, and that this machine may read the registry.")
	add(TagTwice, ExitUsage, "two images have one tag", "Give each image its own image_tag.")
	add(BadDockerfile, ExitUsage, "Dockerfile cannot be used", "Fix the Dockerfile at the line shown.")
	add(BadRequirement, ExitUsage, "requirement cannot be used", "Write a PEP 508 requirement, such as `torch>=2.6`.")
	add(Contradiction, ExitUsage, "two settings ask for versions of a package that exclude each other", "Make them agree, or drop one; `stack explain` shows where each comes from.")
	add(BasePlatform, ExitNotFound, "base image does not exist for the platform", "Use a platform that it exists for, or another base image.")
	add(LockStale, ExitStale, "lock is stale", "`stack plan FLOW --lock` locks what the registry has now; look at what it changes.")
	add(NotLocked, ExitUsage, "base image is not locked", "`stack plan FLOW --lock` adds it to stack.lock.hcl.")
	add(ExportFailed, ExitUsage, "Python requirements cannot be found out", "The tool's own last lines say why; `requirements` needs no tool.")
	add(UVLockStale, ExitStale, "lock does not fit its project", "Lock again, such as with `uv lock`, and commit the lock.")
	add(BuildFailed, ExitBuild, "build failed", "The last lines of the build's log say why.")
	add(BuilderDown, ExitBuild, "builder cannot be reached", "`stack doctor` says what the builder needs.")
	add(RegistryDown, ExitBuild, "registry cannot be reached", "Check the network and the registry's address; nothing was built or submitted.")
	add(RegistryDenied, ExitAuth, "registry refuses access", "Sign in to the registry, such as with `docker login`.")
	add(BuilderCannot, ExitUsage, "builder cannot honour a setting", "Choose the builder named, or remove the setting.")
	add(WrongPlatform, ExitBuild, "built image is for another platform", "Use a base image that exists for the platform, or ask for the platform that it exists for.")
	add(NoEmulation, ExitBuild, "builder cannot run programs of the platform", "Install emulation (binfmt) on the builder's machine, or build on a machine of that platform.")
	add(BuildNotFound, ExitNotFound, "build does not exist", "`stack builds list` shows the builds that are known here.")
	add(BuildUnusable, ExitUsage, "build cannot be used for this flow or stack", "Build the flow on the stack: `stack build FLOW --stack STACK`.")
	add(BuildGone, ExitNotFound, "an image of a build does not exist any more", "Build the flow again; its source and settings make a new image.")
	add(Placement, ExitPlacement, "no machine can hold the step", "Ask for less, or use one of the nearest fits listed.")
	add(Unsupported, ExitUsage, "orchestrator cannot honour a setting", "Remove the setting, or run on a stack whose orchestrator can.")
	add(RunNotFound, ExitNotFound, "run does not exist", "`stack ps` shows the runs that are known here.")
	add(RunFailed, ExitRunFailed, "run failed", "`stack logs RUN` shows what its steps said.")
	add(RunCancelled, ExitCancelled, "run was cancelled", "Run the flow again.")
	add(PlanStale, ExitStale, "saved plan is stale", "Plan again: what it depends on has moved, as listed.")
	add(RecordCorrupt, ExitInternal, "run record cannot be read", "The file was moved aside; other runs are not affected.")
	add(RunExists, ExitUsage, "run id is already used", "Leave --run-id away, or watch the run that has it.")
	add(WaitTimeout, ExitTimeout, "timed out waiting", "The run goes on; `stack watch RUN` comes back to it.")
	add(PlatformDown, ExitInternal, "platform cannot be reached", "`stack doctor` says what the stack needs.")
	add(PlatformDenied, ExitAuth, "platform refuses access", "Sign in to the platform, or ask for the permission named.")
	add(PluginNotFound, ExitUsage, "plugin does not exist", "Put stack-orchestrator-NAME beside the stack binary, or pass --plugin NAME=PATH.")
	add(PluginHash, ExitUsage, "plugin is not the one that was locked", "If the change is intended, lock it again; otherwise do not run it.")
	add(PluginCrashed, ExitInternal, "plugin crashed", "Report it to the plugin's author with the panic shown.")
	add(PluginProtocol, ExitInternal, "plugin does not speak this protocol", "Use a plugin built for this version of stack.")
	add(PluginDiag, ExitUsage, "plugin refuses the configuration", "Fix the value at the place shown.")
	add(SecretInPlain, ExitUsage, "secret in a plain setting", "Use build_secrets for builds, or secret_environment_from for steps.")
	add(SecretName, ExitUsage, "name sounds like a secret", "If its value is secret, use secret_environment_from.")
	add(GPUCPUOnly, ExitUsage, "package for the CPU only on a step with an accelerator", "Install the build for the accelerator, or take `resources.accelerator` away.")
	add(GPUTooOld, ExitUsage, "package has no code for the accelerator", "Use the release and CUDA that the message names, or another accelerator.")
	add(GPUNoRuntime, ExitUsage, "nothing in the image serves the accelerator", "Install what the message names, or start from an image that has it.")
	add(GPUMixedCUDA, ExitUsage, "compiled packages would mix two CUDA versions", "Use a base image and wheels of one CUDA major version.")
	add(GPUUnused, ExitUsage, "base image for GPUs on a step without one", "Nothing has to be done; a base image without CUDA is smaller.")
	add(GPUOtherKind, ExitUsage, "package is for another kind of accelerator", "Install the build for this kind, such as `jax[tpu]` on a TPU.")
	add(SecretMissing, ExitNotFound, "secret does not exist", "Set it in the stack's secret store.")
	return table
}
