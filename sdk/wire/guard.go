package wire

import (
	"fmt"
	"runtime/debug"
)

// Guard runs one call and makes a panic in it a *PanicError, so that the
// process, with the runs that it follows, outlives one call that is broken.
// trouble, which may be nil, is told of it.
func Guard[T any](call string, trouble func(*PanicError), work func() (T, error)) (response T, err error) {
	defer func() {
		value := recover()
		if value == nil {
			return
		}
		broken := &PanicError{Call: call, Trace: fmt.Sprintf("panic: %v\n\n%s", value, debug.Stack())}
		if trouble != nil {
			trouble(broken)
		}
		err = broken
	}()
	return work()
}
