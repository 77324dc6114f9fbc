package supervisor

import "os"

// argument is what the plugin's executable is started with to supervise.
const argument = "supervise-one-step"

// The supervisor's end of its pipes.
const (
	controlFd = 3 // from the plugin: a Spec, then one byte for each signal
	reportFd  = 4 // to the plugin: reports
)

const (
	byteTerminate = 't'
	byteKill      = 'k'
)

// Spec is what to run.
type Spec struct {
	Path string   `json:"path"` // of the executable
	Argv []string `json:"argv"`
	Env  []string `json:"env"`
	Dir  string   `json:"dir"`
}

// report is what the supervisor tells: that the command runs, that it could
// not be started, how it ended.
type report struct {
	Pid    int    `json:"pid,omitempty"`
	Error  string `json:"error,omitempty"`
	Ended  bool   `json:"ended,omitempty"`
	Code   int    `json:"code,omitempty"`   // 128+n for signal n
	Killed bool   `json:"killed,omitempty"` // by the supervisor
	OOM    bool   `json:"oom,omitempty"`    // by the kernel, for want of memory
}

// MainIfAsked supervises, and does not return, when the process was started
// for that.
func MainIfAsked(args []string) {
	if len(args) == 2 && args[1] == argument {
		os.Exit(supervise())
	}
}
