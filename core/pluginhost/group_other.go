//go:build !unix

package pluginhost

import "os/exec"

func ownGroup(*exec.Cmd) {}

// killGroup ends the process alone: this system has no groups of processes.
func killGroup(cmd *exec.Cmd) {
	_ = cmd.Process.Kill() // gone already is fine
}
