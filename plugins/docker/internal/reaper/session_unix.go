//go:build unix

package reaper

import (
	"os/exec"
	"syscall"
)

// ownSession keeps the process alive when the plugin's process group is killed.
func ownSession(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
}
