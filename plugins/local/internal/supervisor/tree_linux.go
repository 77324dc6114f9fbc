package supervisor

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// adoptOrphans makes this process the parent of descendants whose own has ended.
func adoptOrphans() {
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) // since Linux 3.4
}

// commandAttr has the kernel kill the command should this process be killed.
func commandAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// killDescendants kills all descendants of this process and reports whether
// there were any.
func killDescendants(int) bool {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return false
	}
	children := map[int][]int{}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if parent, alive := parentOf(pid); alive {
			children[parent] = append(children[parent], pid)
		} else if parent > 0 { // dead, with children that are not yet ours
			children[parent] = append(children[parent], -pid)
		}
	}
	found := false
	next := children[os.Getpid()]
	for len(next) > 0 {
		pid := next[0]
		next = next[1:]
		if pid > 0 {
			found = true
			_ = syscall.Kill(pid, syscall.SIGKILL) // gone already is fine
		} else {
			pid = -pid
		}
		next = append(next, children[pid]...)
	}
	return found
}

// parentOf reads /proc/N/stat, in which the name in parentheses may hold
// anything. alive is false for what only waits to be reaped.
func parentOf(pid int) (parent int, alive bool) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, false
	}
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	if len(fields) < 2 {
		return 0, false
	}
	parent, err = strconv.Atoi(fields[1])
	return parent, err == nil && fields[0] != "Z" && fields[0] != "X"
}

// oomKills is how many processes the kernel has killed for want of memory.
func oomKills() int {
	data, err := os.ReadFile("/proc/vmstat")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if text, ok := strings.CutPrefix(line, "oom_kill "); ok {
			n, _ := strconv.Atoi(strings.TrimSpace(text)) // 0 says nothing, as it should
			return n
		}
	}
	return 0
}
