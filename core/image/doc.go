// Package image describes container images: what they start from, what is
// added in which order, and the key that stands for all of it.
//
// Settings, as users write them, compile into an Image, which is immutable and
// knows nothing of layers of settings, files' formats or registries. From an
// Image come the stages that a builder executes, and the key: a hash over
// everything that can change the result, so that equal keys mean equal images
// and a changed key has a reason that can be named.
//
// The package promises that a value that it was given (with spaces, quotes,
// dollars, newlines) arrives in the image unchanged or is refused at the place
// where it was written; none can become an instruction. It promises also that
// nothing of the client (absolute paths, times, host and user names) is in
// what it renders or hashes.
//
// It asks no registry and starts no build: digests of base images are given to
// it (see Image.Pin), and builders execute what it renders.
package image
