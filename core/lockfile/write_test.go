package lockfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func parse(t *testing.T, text string) File {
	t.Helper()
	f, list := Parse("stack.lock.hcl", []byte(text))
	if len(list) > 0 {
		t.Fatal(list)
	}
	return f
}

func TestBytes(t *testing.T) {
	f := parse(t, `# somebody's
plugin "slurm" {
  # of the release
  hashes = [ "h1:2" ]   # both
}

plugin "alpha" {
  version="1"
}
`)
	f, _ = f.With([]Base{
		{Reference: "b:1", Digest: digestB, Platforms: []string{"linux/arm64", "linux/amd64", "linux/arm64"}},
		{Reference: "a:1", Digest: digestA, Platforms: []string{"linux/amd64"}},
	}, nil)
	want := header + `
base_image "a:1" {
  digest    = "` + digestA + `"
  platforms = ["linux/amd64"]
}

base_image "b:1" {
  digest    = "` + digestB + `"
  platforms = ["linux/amd64", "linux/arm64"]
}

plugin "alpha" {
  version = "1"
}

# somebody's
plugin "slurm" {
  # of the release
  hashes = ["h1:2"] # both
}
`
	if diff := cmp.Diff(want, string(f.Bytes())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if again := parse(t, want).Bytes(); string(again) != want {
		t.Errorf("read and written again:\n%s", again)
	}
	glued := strings.Replace(header, "\n\n", "\n", 1) + "plugin \"a\" {\n}\n"
	if n := strings.Count(string(parse(t, glued).Bytes()), "# What this"); n != 1 {
		t.Errorf("the header is there %d times", n)
	}
}

func TestWith(t *testing.T) {
	f := parse(t, string(func() []byte {
		f, _ := File{}.With([]Base{
			{Reference: "changes:1", Digest: digestA, Platforms: []string{"linux/amd64"}},
			{Reference: "goes:1", Digest: digestA, Platforms: []string{"linux/amd64"}},
			{Reference: "grows:1", Digest: digestA, Platforms: []string{"linux/amd64"}},
			{Reference: "others:1", Digest: digestA, Platforms: []string{"linux/amd64"}},
			{Reference: "same:1", Digest: digestA, Platforms: []string{"linux/amd64"}},
		}, nil)
		return f.Bytes()
	}()))
	next, changes := f.With([]Base{
		{Reference: "same:1", Digest: digestA, Platforms: []string{"linux/amd64"}},
		{Reference: "new:1", Digest: digestB, Platforms: []string{"linux/amd64"}},
		{Reference: "grows:1", Digest: digestA, Platforms: []string{"linux/amd64", "linux/arm64"}},
		{Reference: "changes:1", Digest: digestB, Platforms: []string{"linux/amd64"}},
	}, []string{"goes:1", "never:1"})
	var got []string
	for _, c := range changes {
		got = append(got, c.String())
	}
	want := []string{
		"~ changes:1 (sha256:aaaaaaaaaaaa… → sha256:bbbbbbbbbbbb…)",
		"- goes:1 (sha256:aaaaaaaaaaaa…)",
		"~ grows:1 (platforms: linux/amd64 → linux/amd64, linux/arm64)",
		"+ new:1 (sha256:bbbbbbbbbbbb…)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	var left []string
	for _, b := range next.Bases() {
		left = append(left, b.Reference)
	}
	if diff := cmp.Diff([]string{"changes:1", "grows:1", "new:1", "others:1", "same:1"}, left); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if _, known := f.Base("new:1"); known {
		t.Error("the file that was there before has changed")
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real"), filepath.Join(dir, FileName)
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(real, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, _ := File{}.With([]Base{{Reference: "a:1", Digest: digestA, Platforms: []string{"linux/amd64"}}}, nil)
	for range 2 {
		if err := f.Write(link); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(real)
		if err != nil || string(text) != string(f.Bytes()) {
			t.Errorf("the file holds %q (%v)", text, err)
		}
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v (%v)", info, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("the folder has %v (%v)", entries, err)
	}
	if err := f.Write(filepath.Join(dir, "no", FileName)); err == nil {
		t.Error("a folder that does not exist was written to")
	}
}

func TestMeant(t *testing.T) {
	mirrors := map[string]string{"docker.io": "mirror.corp/hub", "ghcr.io": "mirror.corp/hub/gh/", "quay.io": "q.corp"}
	for reference, want := range map[string]string{
		"python":                                "python:latest",
		"python:3.12-slim":                      "python:3.12-slim",
		"library/python:3.12":                   "python:3.12",
		"docker.io/library/python:3.12":         "python:3.12",
		"index.docker.io/library/python:3.12":   "python:3.12",
		"registry-1.docker.io/library/python:1": "python:1",
		"nvidia/cuda:12.4.1":                    "nvidia/cuda:12.4.1",
		"mirror.corp/hub/library/python:3.12":   "python:3.12",
		"mirror.corp/hub/nvidia/cuda:1":         "nvidia/cuda:1",
		"mirror.corp/hub/gh/acme/base:2":        "ghcr.io/acme/base:2",
		"mirror.corp/hubs/acme/base:2":          "mirror.corp/hubs/acme/base:2",
		"q.corp/acme/base":                      "quay.io/acme/base:latest",
		"localhost:5000/team/app":               "localhost:5000/team/app:latest",
		"python:3.12@" + digestA:                "python@" + digestA,
		"Not A Reference":                       "Not A Reference",
	} {
		if got := Meant(reference, mirrors); got != want {
			t.Errorf("%s is %s, want %s", reference, got, want)
		}
	}
	// Registries that share a mirror: the same one every time.
	shared := map[string]string{"quay.io": "m.corp", "docker.io": "m.corp", "a.io": "m.corp"}
	for range 20 {
		if got := Meant("m.corp/library/python:1", shared); got != "python:1" {
			t.Fatalf("of %v it is %s", shared, got)
		}
	}
}
