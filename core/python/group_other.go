//go:build !unix

package python

import "os/exec"

func ownGroup(*exec.Cmd) {}

// killGroup ends the program alone: this system has no groups of processes.
func killGroup(cmd *exec.Cmd) error { return cmd.Process.Kill() }
