// Package source reads the files that a flow's code consists of: where their
// root is, which of them count, what is in them, and one digest that stands
// for all.
//
// What counts is decided by a .dockerignore file exactly as Docker decides it,
// and by one rule of our own: entries named .git or .stack are never source,
// at any depth. Links stay links; one that leads outside the root is refused.
// Of a file's mode only the owner's executable bit counts; times, owners and
// the root's own path never do, so that two checkouts of the same files have
// the same digest on any machine.
//
// An unchanged tree costs a stat of each file and no read: what was hashed is
// kept in a stat index. The index is a cache that may be lost or damaged at
// any time without changing any answer.
//
// Directories, regular files and links are all there is; other things (sockets,
// devices) are left out with a warning, since no image could hold their
// meaning. What is in a file when a builder reads it later is checked against
// the digest again (see WriteTar and Open), so that what was planned is what
// is built.
package source
