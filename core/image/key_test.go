package image_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/source"
)

// project is a description with everything in it, which tests change in one
// place.
type project struct {
	yaml    string
	files   map[string]string
	options image.Options
	digests func([]string) map[string]string
	touch   func(root string)
	noTree  bool
}

func whole() project {
	return project{
		yaml: `
base_image: debian:12
requirements: [torch==2.6.0, "pandas>=2", -r more.txt, -c limits.txt]
python_package_installer_args: {no-deps: null, index-strategy: x}
index_url: https://a.example/simple
extra_index_urls: [https://b.example/simple]
apt_packages: [git, curl]
commands: [echo a, echo b]
environment: {A: "1", B: "2"}
runtime_environment: {C: "3"}
user: app
workdir: /srv
platform: linux/amd64
build: {args: {D: "4"}, labels: {e: "5"}}
`,
		files:   map[string]string{"train.py": "x", "pkg/a.py": "y", "more.txt": "httpx==1\n", "limits.txt": "numpy<3\n"},
		digests: digests,
		options: image.Options{StackRequirements: []string{"mlflow"}},
	}
}

func (p project) image(t *testing.T) image.Image {
	t.Helper()
	root := lay(t, p.files)
	if p.touch != nil {
		p.touch(root)
	}
	o := p.options
	o.SourceRoot = root
	if !p.noTree {
		o.Tree = scan(t, root)
	}
	s, _, problems := read(t, p.yaml)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	im, problems := image.Compile(s, o)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	return im.Pin(p.digests(im.References()))
}

func (p project) key(t *testing.T) (string, image.Inputs) {
	t.Helper()
	key, inputs, err := p.image(t).Key()
	must(t, err)
	return key, inputs
}

// edit gives a change of the YAML, which has to be there to be changed.
func edit(old, new string) func(*project) {
	return func(p *project) {
		if !strings.Contains(p.yaml, old) {
			panic("the description has no " + old)
		}
		p.yaml = strings.Replace(p.yaml, old, new, 1)
	}
}

func file(name, content string) func(*project) {
	return func(p *project) {
		files := map[string]string{}
		for n, c := range p.files {
			files[n] = c
		}
		if content == "" {
			delete(files, name)
		} else {
			files[name] = content
		}
		p.files = files
	}
}

func TestKeyChanges(t *testing.T) {
	base, before := whole().key(t)
	if again, _ := whole().key(t); again != base {
		t.Fatal("the same description has two keys")
	}
	keys := map[string]string{base: "the base"}
	for _, c := range []struct {
		name   string
		change func(*project)
		reason string
	}{
		{"base", edit("debian:12", "debian:13"), "~ base_image (debian:12 → debian:13)"},
		{"base digest", func(p *project) {
			p.digests = func(r []string) map[string]string {
				return map[string]string{r[0]: "sha256:" + strings.Repeat("0", 64)}
			}
		}, "~ base_image (digest)"},
		{"requirement", edit("2.6.0", "2.7.1"), "~ requirements (torch 2.6.0 → 2.7.1)"},
		{"requirement range", edit("pandas>=2", "pandas>=2.1"), "~ requirements (pandas >=2 → >=2.1)"},
		{"requirement added", edit("[torch==2.6.0", "[six, torch==2.6.0"), "+ requirements (six)"},
		{"requirement removed", edit("torch==2.6.0, ", ""), "- requirements (torch==2.6.0)"},
		{"order of requirements", edit("torch==2.6.0, \"pandas>=2\"", "\"pandas>=2\", torch==2.6.0"), "~ requirements"},
		{"included file", file("more.txt", "httpx==2\n"), "~ requirements (httpx 1 → 2)"},
		{"constraints", file("limits.txt", "numpy<4\n"), "~ requirements (numpy <3 → <4)"},
		{"installer", edit("index_url: https://a", "python_package_installer: pip\nindex_url: https://a"), "~ stack_requirements"},
		{"installer argument", edit("no-deps: null", "no-deps: x"), "~ requirements (--no-deps)"},
		{"installer flag", edit("no-deps: null, ", ""), "- requirements (--no-deps)"},
		{"index", edit("https://a.example", "https://c.example"), "~ requirements (--index-url)"},
		{"extra index", edit("https://b.example", "https://c.example"), "~ requirements (--extra-index-url)"},
		{"index swapped", func(p *project) {
			edit("https://a.example", "https://x.example")(p)
			edit("https://b.example", "https://a.example")(p)
			edit("https://x.example", "https://b.example")(p)
		}, "~ requirements (--index-url, --extra-index-url)"},
		{"pre", edit("user: app", "user: app\npre: true"), "+ requirements (--prerelease=allow)"},
		{"stack requirement", func(p *project) { p.options.StackRequirements = []string{"mlflow==2"} }, "~ stack_requirements (mlflow any → ==2)"},
		{"no stack requirements", edit("user: app", "user: app\ninstall_stack_requirements: false"), "- stack_requirements (--index-url=https://a.example/simple, --extra-index-url=https://b.example/simple, --index-strategy=x, --no-deps, mlflow)"},
		{"apt added", edit("[git, curl]", "[git, curl, vim]"), "+ apt_packages (vim)"},
		{"apt version", edit("[git, curl]", "[git=1, curl]"), "+ apt_packages (git=1)"},
		{"command", edit("echo a", "echo c"), "+ commands (echo c)"},
		{"order of commands", edit("[echo a, echo b]", "[echo b, echo a]"), "~ commands"},
		{"commands joined", edit("[echo a, echo b]", `["echo a\necho b"]`), `+ commands (echo a\necho b)`},
		{"environment value", edit(`A: "1"`, `A: "9"`), "~ environment (A)"},
		{"environment name", edit(`A: "1"`, `AA: "1"`), "+ environment (AA)"},
		{"environment moved", func(p *project) { edit(`, B: "2"`, "")(p); edit(`C: "3"`, `C: "3", B: "2"`)(p) }, "- environment (B)"},
		{"environment split", edit(`{A: "1", B: "2"}`, `{A: "1 B=2"}`), "~ environment (A)"},
		{"runtime value", edit(`C: "3"`, `C: "9"`), "~ runtime_environment (C)"},
		{"user", edit("user: app", "user: root"), "~ user (app → root)"},
		{"user gone", edit("user: app\n", ""), "- user (app)"},
		{"workdir", edit("/srv", "/app"), "~ workdir (/srv → /app)"},
		{"platform", edit("linux/amd64", "linux/arm64"), "~ platform (linux/amd64 → linux/arm64)"},
		{"two platforms", edit("linux/amd64", "[linux/arm64, linux/amd64]"), "~ platform (linux/amd64 → linux/amd64,linux/arm64)"},
		{"build argument", edit(`D: "4"`, `D: "9"`), "~ build.args (D)"},
		{"label", edit(`e: "5"`, `e: "9"`), "~ build.labels (e)"},
		{"source content", file("train.py", "z"), "~ source (train.py)"},
		{"source added", file("new.py", "z"), "+ source (new.py)"},
		{"source removed", file("pkg/a.py", ""), "- source (pkg, pkg/a.py)"},
		{"source executable", func(p *project) { p.touch = func(r string) { must(t, os.Chmod(r+"/train.py", 0o755)) } }, "~ source (train.py)"},
		{"source link", func(p *project) { p.touch = func(r string) { must(t, os.Symlink("train.py", r+"/l")) } }, "+ source (l)"},
		{"source folder", func(p *project) { p.touch = func(r string) { must(t, os.Mkdir(r+"/empty", 0o755)) } }, "+ source (empty)"},
		{"source left out", func(p *project) { p.noTree = true }, "- source"},
		{"ignored", file(".dockerignore", "pkg"), "- source (pkg, pkg/a.py)"},
	} {
		p := whole()
		c.change(&p)
		key, after := p.key(t)
		if other, same := keys[key]; same {
			t.Errorf("%s: the key is that of %s", c.name, other)
		}
		keys[key] = c.name
		reasons := image.Reasons(image.InputsFromLabels(before.Labels()), after)
		found := false
		for _, r := range reasons {
			found = found || r == c.reason
		}
		if !found {
			t.Errorf("%s: the reasons are %q, want %q among them", c.name, reasons, c.reason)
		}
	}
}

func TestKeyStays(t *testing.T) {
	for name, change := range map[string]func(*project){
		"order of apt packages": edit("[git, curl]", "[curl, git, git]"),
		"order of a map":        edit(`{A: "1", B: "2"}`, `{B: "2", A: "1"}`),
		"order of platforms":    edit("platform: linux/amd64", "platform: [linux/amd64]"),
		"spelling of the base":  edit("base_image", "parent_image"),
		"registry":              edit("user: app", "user: app\nregistry: ghcr.io"),
		"repository":            edit("user: app", "user: app\ntarget_repository: a/b"),
		"tag":                   edit("user: app", "user: app\nimage_tag: v1"),
		"prevent_build_reuse":   edit("user: app", "user: app\nprevent_build_reuse: true"),
		"no_cache and pull":     edit("build: {", "build: {no_cache: true, pull: true, "),
		"name of the base":      func(p *project) { edit("debian:12", "mirror.corp/debian:12")(p); p.digests = sameDigest },
		"mirror":                func(p *project) { p.options.Mirrors = map[string]string{"docker.io": "m.corp"}; p.digests = sameDigest },
		"time of files": func(p *project) {
			p.touch = func(r string) { must(t, os.Chtimes(r+"/train.py", time.Unix(1, 0), time.Unix(1, 0))) }
		},
		"group may write": func(p *project) { p.touch = func(r string) { must(t, os.Chmod(r+"/train.py", 0o664)) } },
		"git":             func(p *project) { p.touch = func(r string) { must(t, os.MkdirAll(r+"/.git/x", 0o755)) } },
		"python_version":  edit("user: app", "user: app\npython_version: '3.13'"), // the base is the user's
		"environment by name": func(p *project) {
			edit(`A: "1"`, `A: "${ONE}"`)(p)
			p.options.Lookup = lookup(map[string]string{"ONE": "1"})
		},
		"requirements elsewhere": func(p *project) {
			p.touch = func(r string) { must(t, os.WriteFile(filepath.Join(r, ".git"), []byte("gitdir: elsewhere"), 0o644)) }
		},
	} {
		p, b := whole(), whole()
		if name == "name of the base" || name == "mirror" {
			b.digests = sameDigest
		}
		base, _ := b.key(t)
		change(&p)
		if key, _ := p.key(t); key != base {
			t.Errorf("%s: the key changed", name)
		}
	}
}

// Comments, blank lines and where the file is do not count in requirements
// files, but the source holds them; so there is none here.
func TestKeyOfRequirementsFiles(t *testing.T) {
	key := func(name, content string) string {
		p := project{yaml: "requirements: " + name, files: map[string]string{name: content}, digests: digests, noTree: true}
		k, _ := p.key(t)
		return k
	}
	base := key("requirements.txt", "a==1\nb==2\n")
	for _, same := range []string{"# by uv from /home/me\na==1\nb==2", "a==1 # via c\r\n\r\nb==2\r\n", "a==1\nb==\\\n2\n", "\ufeffa==1\nb==2\n"} {
		if key("requirements.txt", same) != base {
			t.Errorf("%q: the key changed", same)
		}
	}
	if key("deep/other.txt", "a==1\nb==2\n") != base {
		t.Error("the name of the file counts")
	}
	if key("requirements.txt", "b==2\na==1\n") == base {
		t.Error("the order does not count")
	}
}

func sameDigest(references []string) map[string]string {
	all := map[string]string{}
	for _, r := range references {
		all[r] = "sha256:" + strings.Repeat("1", 64)
	}
	return all
}

func TestKeyOfDockerfile(t *testing.T) {
	docker := func() project {
		return project{
			yaml: "dockerfile: docker/Dockerfile\nbuild_context_root: ctx\ndockerfile_build: {args: {A: '1'}, target: b}\n", noTree: true, digests: digests,
			files: map[string]string{"docker/Dockerfile": "ARG A\nFROM x AS a\nFROM y AS b\nCOPY --from=a / /\nCOPY . .\nFROM z\n", "ctx/f": "1", "ctx/g": "2"},
		}
	}
	base, before := docker().key(t)
	other := func(reference string) func(*project) {
		return func(p *project) {
			p.digests = func(r []string) map[string]string {
				d := digests(r)
				if _, named := d[reference]; named {
					d[reference] = "sha256:" + strings.Repeat("0", 64)
				}
				return d
			}
		}
	}
	for name, change := range map[string]func(*project){
		"text":     file("docker/Dockerfile", "ARG A\nFROM x AS a\nFROM y AS b\nCOPY --from=a / /\nCOPY . ./\nFROM z\n"),
		"context":  file("ctx/f", "9"),
		"argument": edit("A: '1'", "A: '2'"),
		"target":   edit("target: b", "target: a"),
		"base":     other("y"),
		"copied":   other("x"),
		"on top":   edit("dockerfile:", "user: app\ndockerfile:"),
		"label":    edit("target: b", "target: b, labels: {a: b}"),
	} {
		p := docker()
		change(&p)
		key, after := p.key(t)
		if key == base {
			t.Errorf("%s: the key stayed", name)
		}
		if len(image.Reasons(before, after)) == 0 {
			t.Errorf("%s: no reason is given", name)
		}
	}
	for name, change := range map[string]func(*project){
		"a stage that is not built": other("z"),
		"a file that is no context": file("other", "x"),
		"pull":                      edit("target: b", "target: b, pull: true"),
	} {
		p := docker()
		change(&p)
		if key, _ := p.key(t); key != base {
			t.Errorf("%s: the key changed", name)
		}
	}
}

func TestLabels(t *testing.T) {
	p := whole()
	for i := range 600 {
		p.files[strings.Repeat("d/", i%7)+"file"+strings.Repeat("x", i%50)+string(rune('a'+i%26))+".py"] = "x"
	}
	_, inputs := p.key(t)
	labels := inputs.Labels()
	if d := cmp.Diff(inputs, image.InputsFromLabels(labels)); d != "" {
		t.Error(d)
	}
	size := 0
	for name, value := range labels {
		if !strings.HasPrefix(name, "dev.stackrun.input.") {
			t.Errorf("label %q", name)
		}
		size += len(value)
	}
	if size > 64<<10 {
		t.Errorf("the labels take %d bytes", size)
	}
	damaged := map[string]string{"other": "x", "dev.stackrun.input.source": "z:!!!", "dev.stackrun.input.requirements": "z:eJw="}
	if got := image.InputsFromLabels(damaged); len(got) != 0 {
		t.Errorf("damaged labels gave %v", got)
	}
	if got := image.Reasons(nil, inputs); got != nil {
		t.Errorf("nothing is known of the old one, and the reasons are %q", got)
	}
	if got := image.Reasons(inputs, inputs); got != nil {
		t.Errorf("nothing changed, and the reasons are %q", got)
	}
	cut := image.Inputs{}
	for name, value := range inputs {
		cut[name], _, _ = strings.Cut(value, "\n")
	}
	file("train.py", "changed")(&p)
	_, changed := p.key(t)
	if d := cmp.Diff([]string{"~ source"}, image.Reasons(cut, changed)); d != "" {
		t.Errorf("with digests alone: %s", d)
	}
}

func TestPinIsNeeded(t *testing.T) {
	im, problems := image.Compile(image.Settings{BaseImage: "debian:12", User: "app"}, image.Options{})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	if _, _, err := im.Key(); err == nil || !strings.Contains(err.Error(), "debian:12") {
		t.Errorf("a key without a digest: %v", err)
	}
	if _, err := im.Stages(image.BuildKit()); err == nil {
		t.Error("stages without a digest")
	}
	if text := im.Dockerfile(image.BuildKit()); !strings.HasPrefix(text, "FROM debian:12\n") {
		t.Errorf("for people: %q", text)
	}
	pinned := im.Pin(map[string]string{"debian:12": "local:sha256:" + strings.Repeat("2", 64)})
	if len(im.References()) != 1 || len(pinned.References()) != 0 {
		t.Error("Pin changed the image that it was called on, or not the one it gave")
	}
	stages, err := pinned.Stages(image.BuildKit())
	must(t, err)
	if !strings.HasPrefix(string(stages[0].Dockerfile), "FROM debian:12\n") {
		t.Errorf("an image of the engine alone: %s", stages[0].Dockerfile)
	}
	for _, f := range stages[0].Files {
		if f.Type == source.Regular && f.Digest == "" {
			t.Errorf("%s has no digest", f.Path)
		}
	}
}
