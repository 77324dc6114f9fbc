package source

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// indexMagic names the format; a change of the format changes it.
const indexMagic = "stack stat index 1\n"

// index maps paths to what was hashed there. It is read from a file of
// indexMagic, entries, and the SHA-256 of both. Anything else in that file
// makes it empty: an index is never trusted in parts.
type index struct {
	entries map[string]indexed
}

type indexed struct {
	stat   stat
	digest [sha256.Size]byte
}

// lookup is the digest of the file at path, if s says that it is the one that
// was hashed.
func (x *index) lookup(path string, s stat) (string, bool) {
	known, ok := x.entries[path]
	if !ok || known.stat != s {
		return "", false
	}
	return hex.EncodeToString(known.digest[:]), true
}

// outdated reports whether the index on disk should be replaced.
func (x *index) outdated(entries []*entry, hashed int) bool {
	if hashed > 0 {
		return true
	}
	files := 0
	for i := range entries {
		if entries[i].file.Type == Regular {
			files++
		}
	}
	return files != len(x.entries)
}

// fixedSize is the size of an entry without its path.
const fixedSize = 4 + 8*4 + 4 + sha256.Size

func readIndex(name string) *index {
	x := &index{entries: map[string]indexed{}}
	if name == "" {
		return x
	}
	data, err := os.ReadFile(name)
	if err != nil || len(data) < len(indexMagic)+sha256.Size || string(data[:len(indexMagic)]) != indexMagic {
		return x
	}
	body, sum := data[:len(data)-sha256.Size], data[len(data)-sha256.Size:]
	if sha256.Sum256(body) != [sha256.Size]byte(sum) {
		return x
	}
	text := string(body) // paths are parts of it, so that they need no memory of their own
	all := make(map[string]indexed, len(body)/(fixedSize+24))
	for at := len(indexMagic); at < len(body); {
		if len(body)-at < fixedSize {
			return x
		}
		e := body[at:]
		known := indexed{stat: stat{
			size:  int64(binary.LittleEndian.Uint64(e[4:])),
			mtime: int64(binary.LittleEndian.Uint64(e[12:])),
			ctime: int64(binary.LittleEndian.Uint64(e[20:])),
			inode: binary.LittleEndian.Uint64(e[28:]),
			mode:  binary.LittleEndian.Uint32(e[36:]),
		}}
		copy(known.digest[:], e[40:])
		length := int(binary.LittleEndian.Uint32(e))
		at += fixedSize
		if length > len(body)-at {
			return x
		}
		all[text[at:at+length]] = known
		at += length
	}
	x.entries = all
	return x
}

// granularity is how far apart two changes must be to have different times.
// Linux stamps with a clock that ticks up to every 10 ms; a file system that
// keeps whole seconds is taken for one that keeps every second one (FAT).
const (
	fineGranularity   = 50 * time.Millisecond
	coarseGranularity = 2 * time.Second
)

// writeIndex replaces the index at name by one of entries, in one step.
//
// A file that was changed just before it was hashed could be changed again
// without a change of its times. So an entry is kept only if its last change
// is older than the scan by more than the granularity of the file system's
// clock; others are hashed again next time. The clock that counts is the file
// system's, which may be another machine's: the temporary file tells the
// difference.
func writeIndex(name string, started time.Time, entries []*entry) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".tmp-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // fails once it has been renamed
	defer func() { _ = f.Close() }()           // closed before the rename; then this does nothing
	info, err := f.Stat()
	if err != nil {
		return err
	}
	settled := started.UnixNano()
	if behind := time.Since(info.ModTime()); behind > fineGranularity {
		settled -= int64(behind)
	}
	data := []byte(indexMagic)
	for i := range entries {
		e := entries[i]
		if e.file.Type != Regular || !e.settledBy(settled) {
			continue
		}
		digest, err := hex.DecodeString(e.file.Digest)
		if err != nil {
			return fmt.Errorf("digest of %q: %w", e.file.Path, err)
		}
		data = binary.LittleEndian.AppendUint32(data, uint32(len(e.file.Path)))
		data = binary.LittleEndian.AppendUint64(data, uint64(e.stat.size))
		data = binary.LittleEndian.AppendUint64(data, uint64(e.stat.mtime))
		data = binary.LittleEndian.AppendUint64(data, uint64(e.stat.ctime))
		data = binary.LittleEndian.AppendUint64(data, e.stat.inode)
		data = binary.LittleEndian.AppendUint32(data, e.stat.mode)
		data = append(data, digest...)
		data = append(data, e.file.Path...)
	}
	sum := sha256.Sum256(data)
	if _, err := f.Write(append(data, sum[:]...)); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// settledBy reports whether e's last change is so long before moment (in
// nanoseconds) that a later change cannot have the same time.
func (e *entry) settledBy(moment int64) bool {
	// The time of the last status change is set by the kernel alone; that of the
	// last modification is whatever somebody likes.
	granularity := fineGranularity
	if e.stat.ctime%int64(time.Second) == 0 {
		granularity = coarseGranularity
	}
	return e.stat.ctime < moment-int64(granularity)
}
