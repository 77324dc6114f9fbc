// Package settings holds what users may say about their work at any layer
// (command line, step, flow, environment, ...), merges the layers, and keeps
// for every value where it came from and what it overrode.
//
// Every file format is first read into a Value tree whose nodes know their
// place. Merging works on trees; only the merged tree is decoded into Go
// types. So a mistake is always reported where it was written, whichever layer
// that was, and `stack explain` has nothing to reconstruct.
package settings

import (
	"github.com/stackrun/stack/core/diag"
)

// Layer is a source of settings. See Layers for their order.
type Layer string

const (
	CommandLine Layer = "command_line"
	Step        Layer = "step"
	Flow        Layer = "flow"
	Configure   Layer = "configure"
	Environment Layer = "environment"
	Pyproject   Layer = "pyproject"
	Stack       Layer = "stack"
	Default     Layer = "default"
)

// Layers is every layer, the one whose word counts most first.
func Layers() []Layer {
	return []Layer{CommandLine, Step, Flow, Configure, Environment, Pyproject, Stack, Default}
}

// Origin is where a value was written.
type Origin struct {
	Layer  Layer  `json:"layer"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// Kind is the shape of a value.
type Kind int

const (
	Null Kind = iota // written as null: removes what is inherited
	Scalar
	List
	Map
)

// Value is a node of a settings tree. It is never changed once built.
type Value struct {
	Kind Kind

	// Text is a scalar as it was written, so that 1.10 stays 1.10. Type says
	// what the format takes an unquoted scalar for.
	Text string
	Type ScalarType

	Items   []*Value // of a List
	Entries []Entry  // of a Map, in the order written, keys unique

	Layer Layer
	Range diag.Range

	// Overrode is, in a merged tree, the values of lower layers that this one
	// replaced, the nearest first.
	Overrode []*Value

	// Removed is, of a Map of a merged tree, what was taken out of it: for each
	// a null at the place that says so, with what was there in Overrode.
	Removed []Entry
}

// Entry is a key of a map and its value.
type Entry struct {
	Key   string
	Range diag.Range // of the key
	Value *Value
}

// ScalarType is string, int, float or bool.
type ScalarType string

const (
	String ScalarType = "string"
	Int    ScalarType = "int"
	Float  ScalarType = "float"
	Bool   ScalarType = "bool"
)

// Origin is where v was written.
func (v *Value) Origin() Origin {
	return Origin{Layer: v.Layer, File: v.Range.File, Line: v.Range.Line, Column: v.Range.Column}
}

// Get is the value at key of a map, or nil.
func (v *Value) Get(key string) *Value {
	if v == nil || v.Kind != Map {
		return nil
	}
	for _, e := range v.Entries {
		if e.Key == key {
			return e.Value
		}
	}
	return nil
}
