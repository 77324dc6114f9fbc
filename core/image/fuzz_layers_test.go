package image_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stackrun/stack/core/image"
)

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
		var own, second []image.BuildSecret
		if bit(5) {
			second = []image.BuildSecret{{Name: "second", Mount: "/run/second"}}
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
			{image.LayerSetting{Run: value, Secrets: second}, func(image.Stage) { m.command(value, second) }},
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
				secrets := m.secrets
				m.secrets = nil
				m.script("owner", nil, nil, "app", "/srv")
				m.secrets = secrets
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
		given := map[string]bool{}
		for _, s := range im.Secrets() {
			given["secret "+s.Name+" "] = true
		}
		for _, mounts := range m.mounts {
			for _, mount := range mounts {
				if begin, _, _ := strings.Cut(mount, " /"); strings.HasPrefix(mount, "secret ") && !strings.Contains(mount, image.CABundleSecret) && !given[begin] {
					t.Errorf("%q is mounted, and no build is told of it: %v", begin, given)
				}
			}
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
