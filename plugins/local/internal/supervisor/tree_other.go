//go:build unix && !linux

package supervisor

import "syscall"

func adoptOrphans() {}

func commandAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// killDescendants reaches the process group only, which has been signalled.
func killDescendants(int) bool { return false }

func oomKills() int { return 0 }
