package image_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/source"
)

// scripts is our scripts as a build would get them.
func scripts(t *testing.T) map[string]string {
	t.Helper()
	im := compile(t, "base_image: debian:12\nrequirements: [a]\napt_packages: [b]\nuser: c", image.Options{})
	stages, err := im.Stages(image.BuildKit())
	must(t, err)
	all := map[string]string{}
	for _, f := range stages[0].Files {
		if f.Type == source.Regular {
			all[filepath.Base(f.Path)] = string(f.Content)
		}
	}
	return all
}

// runScript runs one of our scripts where only the programs given exist, each a
// script itself, beside what every image has.
func runScript(t *testing.T, name string, programs map[string]string, args ...string) (output string, status int) {
	t.Helper()
	bin := t.TempDir()
	for program, text := range programs {
		must(t, os.WriteFile(filepath.Join(bin, program), []byte("#!/bin/sh\n"+text+"\n"), 0o755))
	}
	for _, program := range []string{"mktemp", "rm", "mkdir", "mv", "cut", "grep", "id"} {
		if _, given := programs[program]; given {
			continue
		}
		if program == "id" { // builds run as root, whoever runs the tests
			must(t, os.WriteFile(filepath.Join(bin, program), []byte("#!/bin/sh\nif [ \"$1\" = -u ]; then echo 0; else exec /usr/bin/id \"$@\"; fi\n"), 0o755))
			continue
		}
		real, err := exec.LookPath(program)
		must(t, err)
		must(t, os.Symlink(real, filepath.Join(bin, program)))
	}
	// The mounts of a build are folders of the test here.
	text := strings.ReplaceAll(scripts(t)[name], "/tmp/.stack", filepath.Join(t.TempDir(), "stack"))
	script := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(script, []byte(text), 0o644))
	c := exec.Command("/bin/sh", append([]string{script}, args...)...)
	c.Env = []string{"PATH=" + bin, "TMPDIR=" + t.TempDir(), "PIP_INDEX_URL=https://a", "PIP_EXTRA_INDEX_URL=https://b https://c"}
	out, err := c.CombinedOutput()
	if err != nil {
		if _, exited := err.(*exec.ExitError); !exited {
			t.Fatal(err)
		}
	}
	return string(out), c.ProcessState.ExitCode()
}

const words = `for a; do printf '%s|' "$a"; done; echo`

func TestScripts(t *testing.T) {
	uv := "echo uv; " + words + `; echo "$UV_DEFAULT_INDEX $UV_INDEX"`
	python := `case "$1 $2 $3" in "-m pip --version") exit ${NO_PIP:-0} ;; "-m pip install") shift 3; echo "pip $PIP_BREAK_SYSTEM_PACKAGES"; ` + words + ` ;; esac`
	for _, c := range []struct {
		name, script string
		programs     map[string]string
		args         []string
		status       int
		want         []string // each is in the output
	}{
		{"no apt", "apt.sh", nil, []string{"git"}, 1, []string{"stack: the base image has no apt-get"}},
		{"apt", "apt.sh", map[string]string{"apt-get": words}, []string{"git", "libc6:arm64=1"}, 0,
			[]string{"-q|update|\n", "-q|install|--yes|--no-install-recommends|git|libc6:arm64=1|\n"}},
		{"apt fails", "apt.sh", map[string]string{"apt-get": `[ "$2" = update ]`}, []string{"git"}, 1, nil},
		{"no python", "python.sh", nil, []string{"install", "uv", "/r.txt"}, 1, []string{"stack: the base image has no Python"}},
		{"no pip for pip", "python.sh", map[string]string{"python": "exit 1"}, []string{"install", "pip", "/r.txt"}, 1, []string{"has no pip", "pip cannot be used"}},
		{"no pip for uv", "python.sh", map[string]string{"python3": `[ "$1" = -c ]`}, []string{"install", "uv", "/r.txt"}, 1, []string{"has no pip", "uv cannot be used"}},
		{"pip", "python.sh", map[string]string{"python": python}, []string{"install", "pip", "/r.txt", "--a b", "--c='$x"}, 0,
			[]string{"pip 1\n", "--no-cache-dir|--a b|--c='$x|-r|/r.txt|\n"}},
		{"uv of the image", "python.sh", map[string]string{"python": python, "uv": uv}, []string{"install", "uv", "/r.txt", "--a b"}, 0,
			[]string{"uv\npip|install|--python|", "|--break-system-packages|--no-cache|--a b|-r|/r.txt|\n", "https://a https://b https://c\n"}},
		{"uv fails", "python.sh", map[string]string{"python": python, "uv": "exit 7"}, []string{"install", "uv", "/r.txt"}, 7, nil},
		{"user with its own group", "owner.sh", map[string]string{"useradd": "echo useradd; " + words, "chown": "echo chown; " + words, "id": "echo 42"},
			[]string{"nobody-here", "DIR"}, 0, []string{"useradd\n--create-home|--user-group|nobody-here|\n", "chown\n-R|nobody-here:42|DIR|\n"}},
		{"user and group", "owner.sh", map[string]string{"useradd": "echo useradd; " + words, "groupadd": "echo groupadd; " + words, "chown": words},
			[]string{"nobody-here:no-group-here", "DIR"}, 0, []string{"groupadd\nno-group-here|\n", "useradd\n--create-home|--gid|no-group-here|nobody-here|\n", "-R|nobody-here:no-group-here|DIR|\n"}},
		{"user where there is only adduser", "owner.sh", map[string]string{"adduser": "echo adduser; " + words, "chown": words, "id": "echo 42"},
			[]string{"nobody-here", "DIR"}, 0, []string{"adduser\n-D|nobody-here|\n"}},
		{"user that is there", "owner.sh", map[string]string{"useradd": "exit 9", "chown": words, "id": "echo 0"}, []string{"root", "DIR"}, 0, []string{"-R|root:0|DIR|\n"}},
		{"number", "owner.sh", map[string]string{"chown": words}, []string{"1000", "DIR"}, 0, []string{"-R|1000:1000|DIR|\n"}},
		{"number and group", "owner.sh", map[string]string{"chown": words}, []string{"1000:5", "DIR"}, 0, []string{"-R|1000:5|DIR|\n"}},
		{"no way to make a user", "owner.sh", map[string]string{"chown": words}, []string{"nobody-here", "DIR"}, 1, []string{"has no useradd"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "work dir")
			args := append([]string(nil), c.args...)
			for i := range args {
				args[i] = strings.Replace(args[i], "DIR", dir, 1)
			}
			out, status := runScript(t, c.script, c.programs, args...)
			if status != c.status {
				t.Errorf("status %d, want %d:\n%s", status, c.status, out)
			}
			for _, want := range c.want {
				if !strings.Contains(out, strings.ReplaceAll(want, "DIR", dir)) {
					t.Errorf("%q is not in\n%s", want, out)
				}
			}
		})
	}
}

// With a CA bundle every RUN mounts it and finds it; what is run is the same.
func TestCABundle(t *testing.T) {
	im := compile(t, "base_image: debian:12\ncommands: ['echo \"$x\"']\napt_packages: [git]", image.Options{})
	plain, err := im.Stages(image.BuildKit())
	must(t, err)
	trusting, err := im.Stages(image.Dialect{CacheMounts: true, CABundle: true})
	must(t, err)
	got := reread(t, trusting[0])
	for i, was := range reread(t, plain[0]) {
		if !strings.HasPrefix(was, "RUN ") {
			if was != got[i] {
				t.Errorf("%q became %q", was, got[i])
			}
			continue
		}
		if !strings.HasSuffix(got[i], "exec \"$@\"\x01sh\x01"+strings.TrimPrefix(was, "RUN ")) {
			t.Errorf("%q became %q", was, got[i])
		}
	}
	if n := strings.Count(string(trusting[0].Dockerfile), "--mount=type=secret,id="+image.CABundleSecret+","); n != 2 {
		t.Errorf("the bundle is mounted %d times:\n%s", n, trusting[0].Dockerfile)
	}
	without, err := im.Stages(image.Dialect{})
	must(t, err)
	if d := cmp.Diff(reread(t, plain[0]), reread(t, without[0])); d != "" || strings.Contains(string(without[0].Dockerfile), "type=cache") {
		t.Errorf("without cache mounts: %s\n%s", d, without[0].Dockerfile)
	}
}
