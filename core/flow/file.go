package flow

import (
	"reflect"
	"slices"
	"strings"

	"github.com/stackrun/stack/sdk"
)

// flowFile is flow.yaml as editors are told of it. The settings are checked
// apart, as one layer of several.
type flowFile struct {
	flowOwn
	Settings
}

// flowOwn is what a flow says beside settings.
type flowOwn struct {
	Version int                  `json:"version" required:"true" doc:"Version of the format: 1."`
	Name    string               `json:"name" required:"true" doc:"Name of the flow."`
	Params  map[string]paramFile `json:"params" doc:"Values that a run may change with -p NAME=VALUE."`
	Build   string               `json:"build" doc:"Id of a build: its images are used as they are, and nothing is built."`
	Fail    string               `json:"fail" enum:"fast,slow" default:"fast" doc:"After a failure: fast starts no further step, slow goes on with branches that do not need the failed step."`
	Steps   map[string]stepFile  `json:"steps" required:"true" doc:"The steps, by name."`
}

// stepFile is a step as editors are told of it.
type stepFile struct {
	stepOwn
	Settings
}

// stepOwn is what a step says beside settings.
type stepOwn struct {
	Run         *string               `json:"run" doc:"Shell script, for /bin/sh -ec."`
	Command     []string              `json:"command" doc:"Argument list, run as it is, without a shell."`
	Needs       []string              `json:"needs" doc:"Steps that must have ended before."`
	Inputs      map[string]string     `json:"inputs" doc:"Outputs of other steps, as STEP.OUTPUT; found at the path in $STACK_INPUT_name."`
	Outputs     map[string]outputFile `json:"outputs" doc:"What the step makes at the path in $STACK_OUTPUT_name."`
	When        string                `json:"when" enum:"success,always,failed" default:"success" doc:"Which ends of its needs the step waits for."`
	Matrix      map[string][]cell     `json:"matrix" doc:"Lists of values: the step runs once for each combination."`
	MaxParallel *Parallel             `json:"max_parallel" doc:"How many of the matrix's steps may run at once."`
}

// outputFile is an output as written.
type outputFile struct {
	Type sdk.OutputType `json:"type" enum:"file,directory" default:"directory" doc:"What the step makes: a file or a directory."`
}

// cell is a value of a matrix: any scalar, kept as it was written.
type cell string

// UnmarshalText takes any text.
func (c *cell) UnmarshalText(text []byte) error { *c = cell(text); return nil }

// JSONSchema is any scalar.
func (cell) JSONSchema() map[string]any {
	return map[string]any{"type": []any{"string", "number", "boolean"}}
}

// notBuilt is what the product's contract has and this version does not.
func notBuilt() []string { return []string{"schedule"} }

// ownKeys is the keys that a struct has beside settings.
func ownKeys(t reflect.Type) []string {
	var keys []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		keys = append(keys, name)
	}
	return keys
}

func allKeys(own []string) []string {
	all := append(slices.Clone(own), SettingsKeys()...)
	slices.Sort(all)
	return all
}
