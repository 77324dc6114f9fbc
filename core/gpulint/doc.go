// Package gpulint tells before anything is built whether the Python packages
// and the base image of a step can use the accelerator that the step asks for.
//
// It promises to be silent about what works. A CUDA wheel brings its own CUDA,
// so that torch from PyPI in python:3.12-slim is right for an H100, and a base
// image without CUDA says nothing by itself. What it knows is in facts.yaml,
// images.yaml and packages.yaml, each row with its source. What no row covers
// it does not judge, and neither what it cannot see: a base image that it does
// not know may hold anything, an index that it does not know any build.
//
// It reads text and nothing else: no registry, no index, no network. What an
// installer would really choose, drivers, and packages that other packages need
// are left to others.
package gpulint
