package pluginhost

import (
	"os"
	"sync"
	"time"
)

// pipe is the reading end of one of a process's output streams. It keeps the
// beginning of what passes, so that something else than a handshake can be
// shown.
type pipe struct {
	file *os.File
	done chan struct{} // closed at the end of the stream
	once sync.Once

	mu   sync.Mutex
	head []byte
}

const headSize = 1024

func newPipe() (*pipe, *os.File, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	return &pipe{file: reader, done: make(chan struct{})}, writer, nil
}

func (p *pipe) Read(buffer []byte) (int, error) {
	n, err := p.file.Read(buffer)
	p.mu.Lock()
	p.head = append(p.head, buffer[:min(n, headSize-len(p.head))]...)
	p.mu.Unlock()
	if err != nil {
		p.once.Do(func() { close(p.done) })
	}
	return n, err
}

func (p *pipe) Close() error { return p.file.Close() }

// beginning is the first bytes that were read.
func (p *pipe) beginning() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return string(p.head)
}

// finish waits until all is read, but no longer than patience, and closes.
func (p *pipe) finish(patience time.Duration) {
	select {
	case <-p.done:
	case <-time.After(patience):
	}
	_ = p.file.Close() // only ever read
}
