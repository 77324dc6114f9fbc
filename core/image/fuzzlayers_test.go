package image_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
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

// FuzzLayers renders every setting that makes an instruction, and reads the
// result with BuildKit's parser: there is what was asked for, and nothing else.
func FuzzLayers(f *testing.F) {
	for i, value := range nasty {
		next := func(n int) string { return nasty[(i+n)%len(nasty)] }
		f.Add(value, next(3), next(5), "pandas", "/run/a"+next(11), uint16(i*2731))
	}
	f.Add("a", "b", "x/..", "pandas", "/run/a b rm", uint16(0xffff))
	f.Add("a", "b", "..", "pandas", "/run/a", uint16(0x00ff))
	f.Add("a", "b", "c/.", "a @ https://x.example/${TOKEN}/a.whl", "/run/a,source=/", uint16(0x0f0f))
	root := lay(f, map[string]string{"one.txt": "", "dir/one.txt": "", "req.txt": "six\n", "p/pyproject.toml": "[project]\nname = \"p\"\n", "p/uv.lock": uvLock})
	tree := scan(f, root)
	f.Fuzz(func(t *testing.T, value, command, dst, requirement, mount string, shape uint16) {
		bit := func(n int) bool { return shape&(1<<n) != 0 }
		m := &model{dialect: image.Dialect{CacheMounts: bit(0), CABundle: bit(1)}}
		set := image.Settings{
			BaseImage: "debian:12", Environment: map[string]string{"A": value}, RuntimeEnv: map[string]string{"C": value}, AptPackages: []string{"git"},
			Requirements: &image.Requirements{Items: []string{requirement}}, UVProject: "p", Commands: []string{command, value},
			Copy:  []image.Copy{{Src: "dir", Dst: dst}, {Src: "one.txt", Dst: dst}},
			Build: &image.BuildOptions{Args: map[string]string{"D": value}, Labels: map[string]string{"l": value}},
		}
		installer := "uv"
		if bit(2) {
			installer, set.Installer = "pip", image.Pip
		}
		if bit(3) {
			set.BuildSecrets = append(set.BuildSecrets, image.BuildSecret{Name: "CERT", Mount: mount})
		}
		if bit(4) {
			set.BuildSecrets = append(set.BuildSecrets, image.BuildSecret{Name: "TOKEN"})
		}
		m.secrets = set.BuildSecrets
		var own []image.BuildSecret
		if bit(5) {
			own = []image.BuildSecret{{Name: "own.secret", Env: "OWN"}}
		}
		options := image.Options{SourceRoot: root}
		if bit(6) {
			options.Tree, set.LocalProjectInstall = tree, command
		}
		args := image.InstallerArgs{"option": &value, "flag": nil}
		index := "https://x.example/${OWN}"
		if !bit(5) {
			index = "https://x.example/"
		}
		layers := []struct {
			setting image.LayerSetting
			expect  func(s image.Stage)
		}{
			{image.LayerSetting{Pip: image.Texts{requirement}, IndexURL: index, ExtraIndexURLs: []string{index}, Args: args, Secrets: own}, func(image.Stage) {
				m.install("layers-pip", installer, own, "--index-url="+index, "--extra-index-url="+index, "--flag", "--option="+value)
			}},
			{image.LayerSetting{Apt: image.Texts{"jq", "git"}, Secrets: own}, func(image.Stage) { m.apt(own, "git", "jq") }},
			{image.LayerSetting{Run: command, Secrets: own}, func(image.Stage) { m.command(command, own) }},
			{image.LayerSetting{Env: map[string]string{"B": value}}, func(image.Stage) { m.lines = append(m.lines, "ENV B "+expanded(value)) }},
			{image.LayerSetting{Workdir: "/srv"}, func(image.Stage) { m.lines = append(m.lines, "WORKDIR /srv") }},
			{image.LayerSetting{Copy: &image.Copy{Src: "one.txt", Dst: dst}}, func(s image.Stage) { m.copy(t, s, dst, true) }},
			{image.LayerSetting{Requirements: "req.txt"}, func(image.Stage) { m.install("layers-requirements", installer, nil) }},
			{image.LayerSetting{UVProject: "p", Args: image.InstallerArgs{"flag": nil}}, func(image.Stage) {
				if installer == "pip" {
					m.sync("uv_project-2")
					return
				}
				m.sync("uv_project-2", "--flag")
			}},
		}
		turn := int(shape>>8) % len(layers)
		layers = append(layers[turn:len(layers):len(layers)], layers[:turn]...)
		for _, l := range layers {
			set.Layers = append(set.Layers, l.setting)
		}
		if bit(7) {
			set.User = "app"
		}
		im, problems := image.Compile(set, options)
		if problems.HasErrors() {
			return // refused
		}
		stages, err := im.Pin(digests(im.References())).Stages(m.dialect)
		must(t, err)
		if bit(7) {
			m.lines = append(m.lines, "USER 0")
		}
		m.lines = append(m.lines, "WORKDIR /app", "ARG D "+expanded(value), "ENV A "+expanded(value))
		m.apt(nil, "git")
		m.sync("uv_project")
		m.install("requirements", installer, nil)
		m.copy(t, stages[0], dst, false)
		m.copy(t, stages[0], dst, true)
		m.command(command, nil)
		m.command(value, nil)
		for _, l := range layers {
			l.expect(stages[0])
		}
		chown := ""
		owner := func() {
			if bit(7) {
				chown = "app"
				m.script("owner", nil, nil, "app", "/srv")
			}
		}
		owner()
		if bit(6) {
			m.lines = append(m.lines, "COPY "+chown+" source/ /srv/")
			m.script("python", m.cache(installer), nil, "run", installer, command)
			owner()
		}
		m.lines = append(m.lines, "ENV C "+expanded(value), "LABEL l "+value)
		if bit(7) {
			m.lines = append(m.lines, "USER app")
		}
		if d := cmp.Diff(m.lines, reread(t, stages[0])); d != "" {
			t.Errorf("%s\n%s", d, stages[0].Dockerfile)
		}
		if d := cmp.Diff(m.mounts, mountsOf(t, stages[0]), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s\n%s", d, stages[0].Dockerfile)
		}
	})
}

// expanded is a value after ${VAR} is replaced, where no variable is set.
func expanded(value string) string {
	im, problems := image.Compile(image.Settings{BaseImage: "a", Environment: map[string]string{"A": value}}, image.Options{})
	if problems.HasErrors() {
		return "refused"
	}
	return im.Environment()["A"]
}
