package source_test

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/source"
)

func TestWriteTar(t *testing.T) {
	root := lay(t, map[string]string{"b": "2", "a/long" + strings.Repeat("x", 150): "1", "l@": "b", "e/": "", "ü\n": "3"})
	must(t, os.Chmod(root+"/b", 0o777))
	tree := scan(t, source.Options{Root: root})
	var first, second bytes.Buffer
	must(t, source.WriteTar(&first, tree.Files()))
	reversed := append([]source.File(nil), tree.Files()...)
	for i, j := 0, len(reversed)-1; i < j; i, j = i+1, j-1 {
		reversed[i], reversed[j] = reversed[j], reversed[i]
	}
	must(t, source.WriteTar(&second, reversed))
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the order of files matters")
	}
	var got []string
	r := tar.NewReader(&first)
	for {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		must(t, err)
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.ModTime.Unix() != 0 {
			t.Errorf("%s has an owner or a time: %+v", h.Name, h)
		}
		content, err := io.ReadAll(r)
		must(t, err)
		got = append(got, h.FileInfo().Mode().String()+" "+h.Name+" "+h.Linkname+string(content))
	}
	want := []string{"drwxr-xr-x a/ ", "-rw-r--r-- a/long" + strings.Repeat("x", 150) + " 1", "-rwxr-xr-x b 2", "drwxr-xr-x e/ ", "Lrwxrwxrwx l b", "-rw-r--r-- ü\n 3"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestWriteTarRefusesWhatChanged(t *testing.T) {
	root := lay(t, map[string]string{"a": "old"})
	files := scan(t, source.Options{Root: root}).Files()
	put(t, root, "a", "new")
	if err := source.WriteTar(io.Discard, files); err == nil || !strings.Contains(err.Error(), `"a"`) {
		t.Errorf("same size: %v", err)
	}
	put(t, root, "a", "longer")
	if err := source.WriteTar(io.Discard, files); err == nil {
		t.Error("another size went unnoticed")
	}
	put(t, root, "a", "o")
	if err := source.WriteTar(io.Discard, files); err == nil {
		t.Error("a shorter file went unnoticed")
	}
	twice := []source.File{source.Bytes("x", nil, false), source.Bytes("x", nil, false)}
	if err := source.WriteTar(io.Discard, twice); err == nil {
		t.Error("one path twice went unnoticed")
	}
}
