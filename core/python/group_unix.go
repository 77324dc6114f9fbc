//go:build unix

package python

import (
	"os/exec"
	"syscall"
)

// ownGroup puts the program into a group of its own, so that what it starts
// can be ended with it.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

func killGroup(cmd *exec.Cmd) error {
	return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
}
