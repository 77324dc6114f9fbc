//go:build unix

package supervisor

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/signal"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

// supervise is the supervisor's whole life. It gives its exit status, which
// nobody reads: the plugin reads the reports.
func supervise() int {
	// What is sent to the process group, such as Ctrl-C, is the plugin's affair.
	signal.Ignore(syscall.SIGPIPE)
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)

	control := bufio.NewReader(os.NewFile(controlFd, "control"))
	reports := json.NewEncoder(os.NewFile(reportFd, "reports"))
	syscall.CloseOnExec(controlFd)
	syscall.CloseOnExec(reportFd)
	tell := func(r report) { _ = reports.Encode(r) } // a plugin that is gone shows as the end of control

	text, err := control.ReadBytes('\n')
	if err != nil {
		return 1 // the plugin was gone first
	}
	var spec Spec
	if err := json.Unmarshal(text, &spec); err != nil {
		tell(report{Error: err.Error()})
		return 1
	}
	runtime.LockOSThread() // the command is killed when the thread that started it ends
	adoptOrphans()
	ooms := oomKills()
	pid, err := launch(spec)
	if err != nil {
		tell(report{Error: err.Error()})
		return 1
	}
	tell(report{Pid: pid})
	// The command has its own; without these, all that writes is the command.
	_ = syscall.Close(1) // open until here, so that it cannot fail
	_ = syscall.Close(2)

	var killed atomic.Bool
	go obey(control, pid, &killed)
	status := reapUntil(pid)
	killTree(pid) // what the command left behind ends with it
	reapRest()
	tell(report{Ended: true, Code: exitCode(status), Killed: killed.Load(),
		OOM: status.Signaled() && status.Signal() == syscall.SIGKILL && !killed.Load() && oomKills() > ooms})
	return 0
}

// launch starts the command in a process group of its own.
func launch(spec Spec) (pid int, err error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	return syscall.ForkExec(spec.Path, spec.Argv, &syscall.ProcAttr{
		Dir:   spec.Dir,
		Env:   spec.Env,
		Files: []uintptr{null.Fd(), 1, 2},
		Sys:   commandAttr(),
	})
}

// obey passes signals on until the plugin is gone, which is the final one.
func obey(control io.ByteReader, pid int, killed *atomic.Bool) {
	for {
		b, err := control.ReadByte()
		switch {
		case err != nil || b == byteKill:
			killed.Store(true)
			killTree(pid)
			if err != nil {
				// Nothing of the command is left, and nobody asks how it ended.
				os.Exit(0)
			}
		case b == byteTerminate:
			_ = syscall.Kill(-pid, syscall.SIGTERM) // gone already is fine
		}
	}
}

// reapUntil reaps children, orphans that were adopted too, until pid has ended.
func reapUntil(pid int) syscall.WaitStatus {
	for {
		var status syscall.WaitStatus
		got, err := syscall.Wait4(-1, &status, 0, nil)
		if got == pid && err == nil {
			return status
		}
	}
}

func reapRest() {
	for {
		if _, err := syscall.Wait4(-1, nil, 0, nil); err != nil && !errors.Is(err, syscall.EINTR) {
			return
		}
	}
}

// killTree kills the command and all that it has started, and returns when
// none of it runs any more. It leaves the reaping to others.
func killTree(pid int) {
	// One look can miss what is forked meanwhile; two that find nothing do not.
	for quiet, wait := 0, time.Millisecond; quiet < 2; wait = min(2*wait, 50*time.Millisecond) {
		_ = syscall.Kill(-pid, syscall.SIGKILL) // gone already is fine
		if killDescendants(pid) {
			quiet = 0
			time.Sleep(wait) // only parents are told of an end, and we are not everybody's parent
			continue
		}
		quiet++
	}
}

func exitCode(s syscall.WaitStatus) int {
	if s.Signaled() {
		return 128 + int(s.Signal())
	}
	return s.ExitStatus()
}
