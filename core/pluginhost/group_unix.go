//go:build unix

package pluginhost

import (
	"os/exec"
	"syscall"
)

// ownGroup puts the process into a group of its own: Ctrl-C in the terminal
// reaches stack alone, which decides what becomes of the plugin.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// killGroup ends the process and what it has started in its group, such as
// credential programs.
func killGroup(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // gone already is fine
}
