package sbom

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"github.com/stackrun/stack/core/diag"
)

const (
	// largestKept bounds what is kept of one file, which is a few fields for
	// each package: thousands of packages have some hundred kilobytes of them.
	largestKept = 4 << 20

	// largestImage bounds what is kept of all layers of an image together, the
	// names of files included. A million files have some hundred megabytes.
	largestImage = 512 << 20
)

// budget is the memory that one image may still take.
type budget struct {
	whole int64
	taken atomic.Int64
}

func newBudget(whole int64) *budget { return &budget{whole: whole} }

func (b *budget) take(bytes int) error {
	if b.taken.Add(int64(bytes)) > b.whole {
		return diag.Fail(diag.Unsupported, fmt.Errorf("with this layer the package databases and the names of the image's files take more than %d MiB of memory", b.whole>>20),
			"build without --sbom, or put fewer files into the image")
	}
	return nil
}

func (b *budget) give(bytes int) { b.taken.Add(-int64(bytes)) }

// kept reads what is needed of a file that is read as the database name.
func kept(name string, r io.Reader) ([]byte, error) {
	switch {
	case isUnlisted(name) != "":
		return nil, nil // that it is there is all that counts
	case isPython(name):
		return fields(r, true, "Name", "Version", "License-Expression")
	case isDebian(name):
		return fields(r, false, "Package", "Status", "Version", "Source", "Architecture")
	case isAlpine(name):
		return fields(r, false, "P", "V", "A", "L", "o")
	}
	content, err := io.ReadAll(io.LimitReader(r, largestKept+1))
	if err == nil && len(content) > largestKept {
		err = errTooLarge()
	}
	return content, err
}

func errTooLarge() error {
	return diag.Fail(diag.Unsupported, fmt.Errorf("it says more than %d MiB about packages", largestKept>>20), "build without --sbom")
}

// fields keeps, of paragraphs, the lines of some fields, and what separates the
// paragraphs; only the first one where first is set, since a description may
// follow.
func fields(r io.Reader, first bool, names ...string) ([]byte, error) {
	lines := bufio.NewReaderSize(r, 64<<10)
	var out []byte
	begun, separated := true, true // the line begins here; so does a paragraph
	for {
		line, err := lines.ReadSlice('\n')
		whole := err == nil || errors.Is(err, io.EOF)
		if err != nil && !whole && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
		text := bytes.TrimRight(line, "\r\n")
		switch {
		case len(line) == 0: // the end
		case !begun || !whole: // no field that is needed has 64 KiB
		case len(text) == 0 && !separated:
			if first {
				return out, nil
			}
			if separated = true; len(out) > 0 && !bytes.HasSuffix(out, []byte("\n\n")) {
				out = append(out, '\n')
			}
		case len(text) > 0:
			separated = false
			if name, _, ok := bytes.Cut(text, []byte(":")); ok && slices.Contains(names, string(name)) {
				out = append(append(out, text...), '\n')
			}
		}
		if len(out) > largestKept {
			return nil, errTooLarge()
		}
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		begun = whole
	}
}
