// Package sbom says what an image consists of: it reads the databases of package
// managers out of an image's layers and writes what they hold as an SPDX or
// CycloneDX document.
//
// It reads the image as the registry has it, the layers of its base included:
// not what was asked for, but what is there. Debian packages, Alpine packages and
// Python distributions are known, each with a package URL. What it does not know
// it does not guess; Inventory.Unlisted names package databases that it saw and
// cannot read.
//
// It promises: the same image gives the same bytes. The time in a document is the
// image's own, its identity is made from the image's digest, and its contents are
// sorted.
//
// Fetching images and attaching documents to them is left to core/registry.
package sbom
