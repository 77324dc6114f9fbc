// Package docs keeps the documentation true, as tests: every flow, stacks file
// and command line in it is read by the program that it is about, every link
// leads somewhere, and tables of fields, states, flags and keys have what there
// is, no more and no less.
package docs
