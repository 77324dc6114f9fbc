// Package e2e tests the built programs as a user has them: bin/stack, driven
// from outside, against real engines, a real registry, real package indexes.
//
// The tests have the build tag e2e and need what test/real/up.sh starts; its
// env file tells them where. A part that is not there fails a test, it never
// skips it. `make e2e` does all of it.
package e2e
