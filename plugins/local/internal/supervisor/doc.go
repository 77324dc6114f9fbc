// Package supervisor runs one command such that nothing of it can be left
// behind. The command is started by a small process of its own, a second start
// of the plugin's executable, which is connected to the plugin by a pipe: when
// the pipe closes, because the plugin has ended or was killed, the supervisor
// kills the command and everything that the command has started, processes
// that have detached themselves included. It does the same when the command
// itself ends, as a container would.
//
// On Linux the supervisor is a subreaper, so that no descendant escapes it. On
// other systems it reaches the command's process group only.
//
// What the command writes does not pass through the supervisor: it inherits
// the plugin's pipes. The command's variables are sent through the pipe and so
// are not in the supervisor's command line.
package supervisor
