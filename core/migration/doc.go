// Package migration reads what somebody wrote for another system, ZenML or
// Kitaru, and writes the flow.yaml that says the same here.
//
// Nothing of the other file is dropped without a word: each of its settings is
// in the notes, as carried over, as carried over with another meaning, as left
// out with the reason, or as something only its author can do. What the other
// system would not have understood is a diagnostic at its place. The written
// flow is one that package flow reads; where it does not, that is a note too.
//
// A value that is a credential is never copied into the flow or into a note.
//
// The package reads no file and no environment. Running the flow, and whether
// a stack can do what it asks, is the business of others.
package migration

import (
	"github.com/stackrun/stack/core/diag"
)

// Kind says what became of a setting.
type Kind string

const (
	Carried Kind = "carried_over" // says the same here
	Changed Kind = "changed"      // was carried over, and something differs
	LeftOut Kind = "left_out"     // has no counterpart, or had no effect
	ToDo    Kind = "to_do"        // is for the author of the flow to do
)

// Note is what became of one setting.
type Note struct {
	Kind   Kind        `json:"kind"`
	From   string      `json:"from"`   // its path in the other file; empty: what the other system does unasked
	To     string      `json:"to"`     // its path in flow.yaml, or empty
	Detail string      `json:"detail"` // what differs, why, or what to do
	Range  *diag.Range `json:"range"`  // of the setting, or null
}

// Options is what the caller knows beside the file.
type Options struct {
	Name    string // of the flow; empty: from the file, else Default
	Default string // name where neither Name nor the file gives one
	Command string // that the flow is written by, for its first line
	Out     string // file that the flow goes to, as the user would say it
}

// Result is a written flow and what became of every setting.
type Result struct {
	Name  string
	Flow  []byte
	Notes []Note
}

// Count is how many notes are of a kind.
func (r Result) Count(k Kind) int {
	n := 0
	for _, note := range r.Notes {
		if note.Kind == k {
			n++
		}
	}
	return n
}
