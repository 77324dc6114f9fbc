// Package stackfile reads stacks.hcl: the stacks of a repository, what they
// inherit from each other, and the components that each is made of.
//
// The whole file is parsed, and its structure (blocks, labels, names, the
// graph of inherits) is checked, when it is loaded. Expressions are evaluated
// only for the stack that is asked for, so that a file of a hundred stacks
// costs little more than its parsing, and so that a variable without a value
// stops only the stacks that need it.
//
// What comes out are trees of settings.Value in which every value has its
// place in the file. Component blocks are not known to this package, except
// the few kinds that it declares itself; they are checked with CheckComponent
// against the schema that a plugin or builder declares.
//
// How stacks are put together:
//
//   - A stack and all that it inherits are ordered so that a stack counts more
//     than any that it inherits, and a later entry of `inherits` more than an
//     earlier one. A stack that is inherited on two ways counts once, at its
//     lowest place.
//   - A component block with the type (label) of an inherited one is merged
//     over it key by key, maps at any depth; other values, and blocks that the
//     schema lets be repeated, replace, and null removes what is inherited.
//     With another type it replaces the inherited block altogether.
//   - `defaults` are not merged here: settings.Merge does it, with the layers
//     above.
//   - The stacks `local` and `docker` exist in every file unless it defines
//     stacks of these names, so that a first flow needs no stacks.hcl.
//
// The syntax is HCL's with one liberty: blocks may stand in a block that is
// written on one line, as in stack "local" { orchestrator "local" {} }.
//
// Variables get their value from --var, else STACK_VAR_name, else the files
// *.stackvars.hcl beside stacks.hcl (of several, the last by name), else their
// default. Values made from sensitive variables are known by their place, also
// after merging, and Stack.Redact leaves them out of what is shown.
package stackfile
