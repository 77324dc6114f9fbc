// Package flow reads flow.yaml: the graph of steps that a user describes.
//
// Parse gathers every mistake of a file, each with its place, and gives a Flow
// only when there is none. Expand fills in parameters and multiplies matrix
// steps, which gives concrete steps in an order in which needs come first.
// Settings stay trees (package settings) until all layers are merged, which is
// package plan's work; what a setting of an image means is package image's.
package flow
