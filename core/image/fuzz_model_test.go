package image_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/source"
)

// mountsOf is what every RUN of a stage mounts, each as type, id, source and
// target.
func mountsOf(t *testing.T, s image.Stage) [][]string {
	t.Helper()
	result, err := parser.Parse(strings.NewReader(string(s.Dockerfile)))
	must(t, err)
	stages, _, err := instructions.Parse(result.AST, nil)
	must(t, err)
	have := map[string]bool{}
	for _, f := range s.Files {
		have[f.Path] = true
	}
	var all [][]string
	for _, c := range stages[0].Commands {
		run, ok := c.(*instructions.RunCommand)
		if !ok {
			continue
		}
		must(t, run.Expand(func(word string) (string, error) { return word, nil }))
		mounts := []string{}
		for _, m := range instructions.GetMounts(run) {
			if m.Type == instructions.MountTypeBind && !have[m.Source] {
				t.Errorf("%s is mounted and not in the context", m.Source)
			}
			if m.Type == instructions.MountTypeSecret && m.CacheID != image.CABundleSecret && (!m.Required || m.Mode == nil) {
				t.Errorf("secret %s may be missing, or be unreadable", m.CacheID)
			}
			mounts = append(mounts, strings.Join([]string{string(m.Type), m.CacheID, m.Source, m.Target}, " "))
		}
		slices.Sort(mounts)
		all = append(all, mounts)
	}
	return all
}

// model is what an image is expected to become, written down a second time.
type model struct {
	lines   []string
	mounts  [][]string
	secrets []image.BuildSecret // of the whole image
	dialect image.Dialect
	copies  int
	written int // commands in files
}

// run expects words to run with the mounts given, seeing secrets.
func (m *model) run(mounts []string, secrets []image.BuildSecret, words ...string) {
	all := append(slices.Clone(m.secrets), secrets...)
	slices.SortFunc(all, func(a, b image.BuildSecret) int { return strings.Compare(a.Name, b.Name) })
	before := ""
	for _, s := range all {
		target := s.Mount
		if target == "" {
			target = "/tmp/.stack-secret-" + s.Name
			name := s.Name
			if s.Env != "" {
				name = s.Env
			}
			before += name + "=$(cat " + target + ") && export " + name + " || exit 1; "
		}
		mounts = append(mounts, "secret "+s.Name+"  "+target)
	}
	if m.dialect.CABundle {
		mounts = append(mounts, "secret "+image.CABundleSecret+"  /tmp/.stack-ca.pem")
		before += "if [ -s /tmp/.stack-ca.pem ]; then export"
		for _, name := range []string{"SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS"} {
			before += " " + name + "=/tmp/.stack-ca.pem"
		}
		before += "; fi; "
	}
	if before != "" {
		words = append([]string{"/bin/sh", "-c", before + `exec "$@"`, "sh"}, words...)
	}
	slices.Sort(mounts)
	m.lines = append(m.lines, "RUN "+strings.Join(words, "\x01"))
	m.mounts = append(m.mounts, mounts)
}

func (m *model) script(name string, mounts []string, secrets []image.BuildSecret, args ...string) {
	mounts = append([]string{"bind  build/" + name + ".sh /tmp/.stack-" + name + ".sh"}, mounts...)
	m.run(mounts, secrets, append([]string{"/bin/sh", "/tmp/.stack-" + name + ".sh"}, args...)...)
}

func (m *model) command(text string, secrets []image.BuildSecret) {
	if len(text) > 16<<10 {
		m.written++
		m.run([]string{fmt.Sprintf("bind  build/command-%d.sh /tmp/.stack-command.sh", m.written)}, secrets, "/bin/sh", "-e", "/tmp/.stack-command.sh")
		return
	}
	m.run(nil, secrets, "/bin/sh", "-ec", text)
}

func (m *model) apt(secrets []image.BuildSecret, packages ...string) {
	var mounts []string
	if m.dialect.CacheMounts {
		mounts = []string{"cache stack-apt-lists  /var/lib/apt/lists", "cache stack-apt-packages  /tmp/.stack-cache/apt"}
	}
	m.script("apt", mounts, secrets, packages...)
}

func (m *model) cache(installer string) []string {
	if !m.dialect.CacheMounts {
		return nil
	}
	return []string{"cache stack-" + installer + "  /tmp/.stack-cache/" + installer}
}

func (m *model) install(folder, installer string, secrets []image.BuildSecret, args ...string) {
	mounts := append(m.cache(installer), "bind  build/"+folder+" /tmp/.stack-requirements")
	m.script("python", mounts, secrets, append([]string{"install", installer, "/tmp/.stack-requirements/requirements.txt"}, args...)...)
}

func (m *model) sync(folder string, args ...string) {
	m.script("python", append(m.cache("uv"), "bind  build/"+folder+" /tmp/.stack-project"), nil, append([]string{"sync", "/tmp/.stack-project"}, args...)...)
}

// copy expects the one file of a copy, or the content of a folder, at dst.
func (m *model) copy(t *testing.T, s image.Stage, dst string, isFile bool) {
	m.copies++
	from := "copy"
	if m.copies > 1 {
		from = fmt.Sprintf("copy-%d", m.copies)
	}
	var files []string
	for _, f := range s.Files {
		if inside, ok := strings.CutPrefix(f.Path, from+"/"); ok && f.Type == source.Regular {
			files = append(files, inside)
		}
	}
	if len(files) != 1 {
		t.Fatalf("%s has the files %q", from, files)
	}
	folder := ""
	for _, line := range reread(t, s) {
		if to, ok := strings.CutPrefix(line, "COPY  "+from+"/ "); ok {
			folder = to
		}
	}
	if !strings.HasSuffix(folder, "/") {
		t.Errorf("%s is copied to %q, which is no folder", from, folder)
	}
	want := dst + "/one.txt"
	if isFile && dst != "" && !strings.HasSuffix(dst, "/") && path.Base(dst) != "." && path.Base(dst) != ".." {
		want = dst
	}
	if dst == "" {
		want = "one.txt"
	}
	if got := folder + files[0]; path.Clean(got) != path.Clean(want) || strings.Contains(files[0], "/") {
		t.Errorf("%s is copied to %q, want %q", from, got, want)
	}
	m.lines = append(m.lines, "COPY  "+from+"/ "+folder)
}

// TestNamesInALockAreNoInstructions: the Dockerfile says for people what a lock
// installs, whatever somebody has written there.
func TestNamesInALockAreNoInstructions(t *testing.T) {
	made := 0
	for _, name := range append(slices.Clone(nasty), "x\nRUN evil", "x\r\nRUN evil", "x\\", "x \\\nRUN evil", "<<EOF", "x\u2028RUN evil", "x\u0085RUN evil", "syntax=evil", " escape=`") {
		lock := fmt.Sprintf("version = 1\n[[package]]\nname = %s\nversion = %s\n", toml(name), toml(name))
		root := lay(t, map[string]string{"pyproject.toml": "[project]\nname = \"p\"\n", "uv.lock": lock})
		s := image.Settings{BaseImage: "a", UVProject: root, Layers: []image.LayerSetting{{UVProject: root}}}
		im, problems := image.Compile(s, image.Options{})
		if problems.HasErrors() {
			continue // refused
		}
		stages, err := im.Pin(digests(im.References())).Stages(image.BuildKit())
		must(t, err)
		made++
		want := []string{"WORKDIR /app", "RUN /bin/sh\x01/tmp/.stack-python.sh\x01sync\x01/tmp/.stack-project", "RUN /bin/sh\x01/tmp/.stack-python.sh\x01sync\x01/tmp/.stack-project"}
		if d := cmp.Diff(want, reread(t, stages[0])); d != "" {
			t.Errorf("%q: %s\n%s", name, d, stages[0].Dockerfile)
		}
	}
	if made < 30 {
		t.Errorf("only %d locks were read", made)
	}
}

// toml is a text of TOML.
func toml(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		if r < ' ' || r == '"' || r == '\\' || r == 0x7f {
			fmt.Fprintf(&b, "\\u%04x", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String() + "\""
}
