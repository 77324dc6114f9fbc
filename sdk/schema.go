package sdk

import "encoding/json"

// Schema is the configuration that a plugin takes.
type Schema struct {
	Stack Block // the block `orchestrator "NAME" {}` of stacks.hcl
	Step  Block // the key `orchestrator:` of a step's settings
}

// Block describes an object.
type Block struct {
	Doc        string
	Attributes []Attribute
	Blocks     []NestedBlock
}

// Attribute describes a value of an object.
type Attribute struct {
	Name       string
	Type       string // an HCL type expression: string, number, bool, list(string), map(string), any
	Doc        string
	Required   bool
	Sensitive  bool            // never shown
	Deprecated string          // what to use instead
	Default    json.RawMessage // what the host fills in when it is absent; nil leaves it absent
	Allowed    []string        // for strings; empty allows all
}

// NestedBlock describes an object inside an object.
type NestedBlock struct {
	Name  string
	Block Block
	Many  bool // a list of objects
}
