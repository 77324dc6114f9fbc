// Package lockfile reads and writes stack.lock.hcl: which digest each base image
// had when somebody last said so, so that a flow builds from the same bases next
// month and on every machine.
//
//	base_image "python:3.12-slim" {
//	  digest    = "sha256:…"
//	  platforms = ["linux/amd64"]
//	}
//
// An entry is named by what the user means, not by where the bytes come from: the
// reference without a registry mirror, in its shortest form, always with its tag
// (see Meant). A mirror is a property of a network. One lock serves the office
// with a mirror, the cloud without one, and the day on which the mirror moves;
// the digest makes sure that all of them give the same image.
//
// It promises: the same entries are the same bytes, in an order that does not
// depend on who wrote them when; what it does not know is an error at its place,
// never dropped; blocks of kind plugin, which belong to the plugins' hashes, are
// kept as they are; a file is written whole or not at all.
//
// Asking registries, and deciding when an entry counts, is left to core/engine.
package lockfile
