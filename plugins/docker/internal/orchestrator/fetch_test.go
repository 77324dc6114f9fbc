package orchestrator

import (
	"archive/tar"
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/driver"
)

func archive(t testing.TB, headers ...*tar.Header) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, h := range headers {
		content := ""
		if h.Typeflag == tar.TypeReg {
			content, h.Size = "content of "+h.Name, int64(len("content of "+h.Name))
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// tree lists a folder: mode and name, and where links lead.
func tree(t testing.TB, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		text := info.Mode().String() + " " + strings.TrimPrefix(path, dir+"/")
		if info.Mode()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			text = "link " + strings.TrimPrefix(path, dir+"/") + " -> " + target
		}
		out = append(out, text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func dir(name string) *tar.Header { return &tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755} }
func file(name string) *tar.Header {
	return &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644}
}
func link(name, to string) *tar.Header {
	return &tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: to, Mode: 0o777}
}

func TestUnpack(t *testing.T) {
	executable := file("data/bin")
	executable.Mode = 0o755
	tests := []struct {
		name    string
		headers []*tar.Header
		want    []string // nil: refused
	}{
		{"a file", []*tar.Header{file("data")}, []string{"-rw-r--r-- out"}},
		{"a folder", []*tar.Header{dir("data/"), dir("data/deep/"), file("data/deep/x"), executable, link("data/l", "deep/x")},
			[]string{"drwxr-xr-x out", "-rwxr-xr-x out/bin", "drwxr-xr-x out/deep", "-rw-r--r-- out/deep/x", "link out/l -> deep/x"}},
		{"a hard link", []*tar.Header{dir("data/"), file("data/a"), {Typeflag: tar.TypeLink, Name: "data/b", Linkname: "data/a"}},
			[]string{"drwxr-xr-x out", "-rw-r--r-- out/a", "-rw-r--r-- out/b"}},
		{"a name that leads outside", []*tar.Header{dir("data/"), file("data/../../escaped")}, nil},
		{"a write through a link", []*tar.Header{dir("data/"), link("data/l", "../.."), file("data/l/escaped")}, nil},
		{"a write through an absolute link", []*tar.Header{dir("data/"), link("data/l", "/tmp"), file("data/l/escaped")}, nil},
		{"a hard link that leads outside", []*tar.Header{dir("data/"), {Typeflag: tar.TypeLink, Name: "data/b", Linkname: "../../secret"}}, nil},
		{"a device", []*tar.Header{{Typeflag: tar.TypeChar, Name: "data", Devmajor: 1, Devminor: 3}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base := t.TempDir()
			inner := filepath.Join(base, "run", "step")
			if err := os.MkdirAll(filepath.Join(inner, "out", "old"), 0o755); err != nil {
				t.Fatal(err)
			}
			err := unpack(bytes.NewReader(archive(t, tt.headers...)), filepath.Join(inner, "out"))
			if _, statErr := os.Lstat(filepath.Join(base, "escaped")); statErr == nil {
				t.Error("something was written outside")
			}
			if tt.want == nil {
				if err == nil {
					t.Errorf("it is taken: %v", tree(t, inner))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, tree(t, inner)); diff != "" {
				t.Errorf("tree (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPackIsReadableByAnyUser(t *testing.T) {
	source := t.TempDir()
	if err := os.MkdirAll(filepath.Join(source, "deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(source, "deep", "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("deep/secret", filepath.Join(source, "l")); err != nil {
		t.Fatal(err)
	}
	c := containerProcess{attempt: driver.Attempt{
		Inputs:  []driver.Input{{Name: "models", Many: true, Sources: []driver.InputSource{{Entry: "lr=0.1", Path: source}}}},
		Outputs: []driver.Output{{Name: "out", Type: sdk.OutputDirectory}, {Name: "file", Type: sdk.OutputFile}},
	}}
	var buf bytes.Buffer
	if err := c.pack(&buf); err != nil {
		t.Fatal(err)
	}
	var got []string
	for reader := tar.NewReader(&buf); ; {
		h, err := reader.Next()
		if err != nil {
			break
		}
		got = append(got, h.FileInfo().Mode().String()+" "+h.Name)
	}
	want := []string{
		"drwxr-xr-x stack/", "drwxr-xr-x stack/inputs/", "drwxrwxrwx stack/outputs/", "drwxrwxrwx stack/outputs/out/",
		"drwxr-xr-x stack/inputs/models/", "drwxr-xr-x stack/inputs/models/lr=0.1/", "drwxr-xr-x stack/inputs/models/lr=0.1/deep/",
		"-rw-r--r-- stack/inputs/models/lr=0.1/deep/secret", "Lrwxrwxrwx stack/inputs/models/lr=0.1/l",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("archive (-want +got):\n%s", diff)
	}
}

// FuzzUnpack unpacks what may be anything: nothing may appear outside.
func FuzzUnpack(f *testing.F) {
	f.Add(archive(f, dir("data/"), link("data/l", "../.."), file("data/l/escaped")))
	f.Add(archive(f, file("../escaped")))
	f.Fuzz(func(t *testing.T, data []byte) {
		base := t.TempDir()
		inner := filepath.Join(base, "step")
		if err := os.Mkdir(inner, 0o755); err != nil {
			t.Fatal(err)
		}
		_ = unpack(bytes.NewReader(data), filepath.Join(inner, "out")) // most are refused
		for _, folder := range []string{base, inner} {
			entries, err := os.ReadDir(folder)
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range entries {
				if name := entry.Name(); name != "step" && name != "out" {
					t.Fatalf("%s appeared in %s", name, folder)
				}
			}
		}
	})
}
