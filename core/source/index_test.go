package source_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/source"
)

// age waits until the last change below root is so old that the stat index
// keeps it: the file system's own clock has to be past it.
func age(t testing.TB, root string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		probe := filepath.Join(t.TempDir(), "probe")
		must(t, os.WriteFile(probe, nil, 0o644))
		info, err := os.Stat(probe)
		must(t, err)
		newest := time.Time{}
		must(t, filepath.Walk(root, func(_ string, i os.FileInfo, err error) error {
			if err == nil && i.ModTime().After(newest) && i.ModTime().Before(info.ModTime()) {
				newest = i.ModTime()
			}
			return err
		}))
		if info.ModTime().Sub(newest) > 100*time.Millisecond {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the clock of the file system stands still")
		}
	}
}

func TestIndexChangesNothing(t *testing.T) {
	root := lay(t, map[string]string{"a": "1", "b/c": "2", "d": "3"})
	index := filepath.Join(t.TempDir(), "deep", "index")
	o := source.Options{Root: root, IndexFile: index}
	plain := func() []source.File { return scan(t, source.Options{Root: root}).Files() }
	check := func(what string) {
		t.Helper()
		if d := cmp.Diff(plain(), scan(t, o).Files()); d != "" {
			t.Errorf("%s:\n%s", what, d)
		}
	}
	age(t, root)
	check("no index")
	check("index")

	// The same size and the same modification time: only ctime tells.
	info, err := os.Stat(root + "/a")
	must(t, err)
	must(t, os.WriteFile(root+"/a", []byte("9"), 0o644))
	must(t, os.Chtimes(root+"/a", info.ModTime(), info.ModTime()))
	check("changed with its old time")
	must(t, os.Chmod(root+"/a", 0o755))
	check("made executable")
	must(t, os.Remove(root+"/d"))
	check("removed")
	put(t, root, "e", "5")
	check("added")
	must(t, os.Rename(root+"/b/c", root+"/a"))
	check("replaced")
}

// A file that is written twice within one tick of the clock has the same size
// and times; the index must not believe that it is the same.
func TestIndexAndRacyFiles(t *testing.T) {
	root := lay(t, map[string]string{"a": "0"})
	o := source.Options{Root: root, IndexFile: filepath.Join(t.TempDir(), "index")}
	for i := range 300 {
		content := fmt.Sprintf("%03d", i)
		f, err := os.OpenFile(root+"/a", os.O_WRONLY|os.O_TRUNC, 0)
		must(t, err)
		_, err = f.WriteString(content)
		must(t, err)
		must(t, f.Close())
		tree := scan(t, o)
		if want := source.Bytes("a", []byte(content), false).Digest; tree.Files()[0].Digest != want {
			t.Fatalf("write %d went unnoticed", i)
		}
	}
}

func TestIndexIsNeverTrustedWhenDamaged(t *testing.T) {
	root := lay(t, map[string]string{"a": "1", "b": "2"})
	index := filepath.Join(t.TempDir(), "index")
	o := source.Options{Root: root, IndexFile: index}
	age(t, root)
	want := scan(t, o).Files()
	good, err := os.ReadFile(index)
	must(t, err)
	if len(good) < 150 {
		t.Fatalf("the index holds nothing: %d bytes", len(good))
	}
	for i := range good {
		bad := append([]byte(nil), good...)
		bad[i] ^= 0x41
		must(t, os.WriteFile(index, bad, 0o644))
		if d := cmp.Diff(want, scan(t, o).Files()); d != "" {
			t.Fatalf("byte %d changed: %s", i, d)
		}
		now, err := os.ReadFile(index)
		must(t, err)
		if string(now) != string(good) {
			t.Fatalf("byte %d changed: the index was not rebuilt", i)
		}
	}
	for _, size := range []int{0, 5, len(good) / 2, len(good) - 1} {
		must(t, os.WriteFile(index, good[:size], 0o644))
		if d := cmp.Diff(want, scan(t, o).Files()); d != "" {
			t.Errorf("cut to %d: %s", size, d)
		}
	}
}

func TestIndexCannotBeWritten(t *testing.T) {
	root := lay(t, map[string]string{"a": "1"})
	blocked := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(blocked, nil, 0o644))
	tree := scan(t, source.Options{Root: root, IndexFile: filepath.Join(blocked, "index")})
	if len(tree.Warnings()) != 1 || tree.Warnings().HasErrors() {
		t.Errorf("warnings %v", tree.Warnings())
	}
	if info, err := os.Stat(blocked); err != nil || info.Size() != 0 {
		t.Error("something else was written")
	}
}

func TestIndexLeavesNoTemporaryFiles(t *testing.T) {
	root := lay(t, map[string]string{"a": "1"})
	folder := t.TempDir()
	scan(t, source.Options{Root: root, IndexFile: folder + "/index"})
	names, err := filepath.Glob(folder + "/*")
	must(t, err)
	if d := cmp.Diff([]string{folder + "/index"}, names); d != "" {
		t.Error(d)
	}
}

// What changes all the time is refused, not hashed to something that it never
// was.
func TestWhileFilesChange(t *testing.T) {
	root := lay(t, map[string]string{})
	stop, stopped := make(chan struct{}), make(chan struct{})
	contents := map[string]bool{}
	bodies := [][]byte{make([]byte, 1<<16), make([]byte, 1<<16)}
	for _, b := range bodies {
		rand.Read(b)
		contents[source.Bytes("a", b, false).Digest] = true
	}
	must(t, os.WriteFile(root+"/a", bodies[0], 0o644))
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default: // replaced in one step, and vanishing for a moment
				os.WriteFile(root+"/.new", bodies[i%2], 0o644)
				os.Rename(root+"/.new", root+"/a")
			}
		}
	}()
	for range 200 {
		tree, err := source.Scan(context.Background(), source.Options{Root: root})
		if err != nil {
			continue // refused
		}
		for _, f := range tree.Files() {
			if f.Path == "a" && !contents[f.Digest] {
				t.Fatal("a content that never was")
			}
		}
	}
	close(stop)
	<-stopped
}

func many(t testing.TB, n int) string {
	root := t.TempDir()
	for i := range n {
		dir := filepath.Join(root, fmt.Sprintf("pkg%03d/sub%d", i/100, i%5))
		must(t, os.MkdirAll(dir, 0o755))
		must(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("file%05d.py", i)), []byte(fmt.Sprintf("x = %d\n", i)), 0o644))
	}
	return root
}

func BenchmarkScanUnchanged(b *testing.B) {
	o := source.Options{Root: many(b, 10000), IndexFile: filepath.Join(b.TempDir(), "index")}
	age(b, o.Root)
	scan(b, o)
	for b.Loop() {
		scan(b, o)
	}
}

func BenchmarkScanFirst(b *testing.B) {
	o := source.Options{Root: many(b, 10000)}
	for b.Loop() {
		scan(b, o)
	}
}

// BenchmarkGitStatus is the same tree by another program, to compare with.
func BenchmarkGitStatus(b *testing.B) {
	root := many(b, 10000)
	age(b, root)
	git := func(args ...string) {
		c := exec.Command("git", append([]string{"-C", root, "-c", "user.name=a", "-c", "user.email=a@b"}, args...)...)
		if out, err := c.CombinedOutput(); err != nil {
			b.Skipf("git: %v: %s", err, out)
		}
	}
	git("init", "-q")
	git("add", ".")
	git("commit", "-q", "-m", "x")
	git("status", "--short")
	for b.Loop() {
		git("status", "--short")
	}
}
