// Package builderv1 is the protocol between stack and an image builder that is
// a process of its own, generated from builder.proto. imagebuilders/wire
// converts between it and package core/build.
package builderv1
