// Package house holds the rules of this repository that a compiler does not
// check, as tests: which package may import which, what the stack binary must
// never link, that every package and exported name says what it is for, that
// nothing is initialised behind the reader's back, and that every diagnostic
// code is documented.
//
// Each rule fails with the file and line to change. An exception is a line in
// the test with its reason, never a comment in the code it excuses.
package house
