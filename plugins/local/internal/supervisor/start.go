package supervisor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// pipeDelay is how long a process that has escaped, which none can on Linux,
// may hold the command's output open.
const pipeDelay = 10 * time.Second

// Command is a supervised command that runs.
type Command struct {
	cmd     *exec.Cmd
	control *os.File
	reports *json.Decoder
	report  *os.File
	writing sync.Mutex
}

// End is how a command ended.
type End struct {
	Code int  // 128+n for signal n
	OOM  bool // killed by the kernel for want of memory
}

// Start starts a command by way of a supervisor, which is program (the
// plugin's own executable). What it writes goes to stdout and stderr. It
// returns when the command runs.
func Start(ctx context.Context, program string, spec Spec, stdout, stderr io.Writer) (*Command, error) {
	text, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	controlEnd, control, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	report, reportEnd, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, controlEnd.Close(), control.Close())
	}
	cmd := exec.Command(program, argument)
	cmd.Env = []string{} // it needs none; the command's are in the spec
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.ExtraFiles = []*os.File{controlEnd, reportEnd}
	cmd.WaitDelay = pipeDelay
	ownSession(cmd)
	err = cmd.Start()
	controlEnd.Close()
	reportEnd.Close()
	if err != nil {
		control.Close()
		report.Close()
		return nil, fmt.Errorf("start the process that looks after the step: %w", err)
	}
	c := &Command{cmd: cmd, control: control, report: report, reports: json.NewDecoder(report)}
	abandon := context.AfterFunc(ctx, func() { control.Close() })
	_, err = control.Write(append(text, '\n'))
	first, readErr := c.next()
	switch {
	case !abandon() && ctx.Err() != nil:
		err = ctx.Err()
	case readErr != nil:
		err = errors.Join(err, readErr)
	case first.Error != "":
		err = errors.New(first.Error)
	default:
		return c, nil
	}
	control.Close()
	_ = cmd.Wait() // it ends because control is closed; how says nothing
	report.Close()
	return nil, err
}

func (c *Command) next() (report, error) {
	var r report
	if err := c.reports.Decode(&r); err != nil {
		return r, fmt.Errorf("the process that looks after the step is gone: %w", err)
	}
	return r, nil
}

// Wait returns when the command has ended, nothing that it started is left,
// and all that it wrote has been passed on.
func (c *Command) Wait() (End, error) {
	r, err := c.next()
	// Its end, and that of the copying of what the command wrote.
	_ = c.cmd.Wait() // the report says how it went
	c.writing.Lock()
	c.control.Close()
	c.writing.Unlock()
	c.report.Close()
	if err != nil {
		return End{}, err
	}
	return End{Code: r.Code, OOM: r.OOM}, nil
}

// Terminate sends the polite signal to the command and its process group.
func (c *Command) Terminate() { c.send(byteTerminate) }

// Kill ends the command and all that it has started.
func (c *Command) Kill() { c.send(byteKill) }

func (c *Command) send(b byte) {
	c.writing.Lock()
	defer c.writing.Unlock()
	_, _ = c.control.Write([]byte{b}) // a command that has ended does not read it
}
