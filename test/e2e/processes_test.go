//go:build e2e

package e2e_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// marker is a number of seconds to sleep that no other process on this machine
// sleeps, so that whoever runs it can be found by it, in a container too.
func marker(t *testing.T) string {
	t.Helper()
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("9%d%03d%03d", b[0]%10, int(b[1])*3, int(b[2])*3)
}

// sleeping lists the processes that sleep for marker.
func sleeping(marker string) []int {
	return processes(func(argv []string, _ int) bool {
		return len(argv) == 2 && filepath.Base(argv[0]) == "sleep" && argv[1] == marker
	})
}

// children lists the processes below parent, whatever depth, whose program is name.
func children(parent int, name string) []int {
	return processes(func(argv []string, pid int) bool {
		if len(argv) == 0 || filepath.Base(argv[0]) != name {
			return false
		}
		for pid > 1 {
			if pid = parentOf(pid); pid == parent {
				return true
			}
		}
		return false
	})
}

func processes(match func(argv []string, pid int) bool) []int {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return nil
	}
	var found []int
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil || len(content) == 0 {
			continue // it has ended, or is a thread of the kernel
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(f)))
		if err != nil || zombie(pid) {
			continue
		}
		if match(strings.Split(strings.TrimSuffix(string(content), "\x00"), "\x00"), pid) {
			found = append(found, pid)
		}
	}
	return found
}

func zombie(pid int) bool { return strings.HasPrefix(afterName(pid), "Z") }

func parentOf(pid int) int {
	fields := strings.Fields(afterName(pid))
	if len(fields) < 2 {
		return 0
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return 0
	}
	return parent
}

// afterName is what /proc says of a process after its name, which may hold spaces.
func afterName(pid int) string {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(content[bytes.LastIndexByte(content, ')')+1:]))
}
