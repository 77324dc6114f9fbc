//go:build unix

package supervisor

import (
	"os/exec"
	"syscall"
)

// ownSession keeps the supervisor alive when the plugin's process group is
// killed, since it has to clean up then, and away from the terminal.
func ownSession(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
}
