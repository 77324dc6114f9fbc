package image_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stackrun/stack/core/image"
)

// ownDockerfile is a description that begins with a Dockerfile.
func ownDockerfile() project {
	return project{
		yaml: "dockerfile: docker/Dockerfile\nbuild_context_root: ctx\n" +
			"dockerfile_build: {args: {A: '1'}, labels: {l: '1'}, target: b}\nbuild_secrets: [TOKEN]\n",
		files: map[string]string{
			"docker/Dockerfile": "ARG A\nARG V=1\nFROM x AS a\nFROM y AS b\nCOPY --from=a / /\nCOPY . .\nRUN --mount=type=secret,id=TOKEN true\nFROM z AS c\n",
			"ctx/f":             "1", "ctx/a/bc": "2", "ctx/run.sh": "3", "ctx/.dockerignore": "*.log\n",
		},
		noTree: true, digests: digests,
	}
}

// otherDigest gives a reference another digest.
func otherDigest(reference string) func(*project) {
	return func(p *project) {
		p.digests = func(r []string) map[string]string {
			all := digests(r)
			if _, named := all[reference]; named {
				all[reference] = "sha256:" + strings.Repeat("0", 64)
			}
			return all
		}
	}
}

func text(old, new string) func(*project) {
	return func(p *project) {
		was := p.files["docker/Dockerfile"]
		if !strings.Contains(was, old) {
			panic("the Dockerfile has no " + old)
		}
		file("docker/Dockerfile", strings.Replace(was, old, new, 1))(p)
	}
}

// TestKeyOfEveryDockerfileChange changes a Dockerfile and what it reads.
func TestKeyOfEveryDockerfileChange(t *testing.T) {
	base, before := ownDockerfile().key(t)
	keys := map[string]string{base: "the base"}
	for _, c := range []struct {
		name   string
		change func(*project)
		reason string
	}{
		{"default of an ARG", text("V=1", "V=2"), "~ dockerfile"},
		{"instruction", text("COPY . .", "COPY . /x"), "~ dockerfile"},
		{"file that it copies", file("ctx/f", "9"), "~ build_context_root (f)"},
		{"moved file", all(file("ctx/f", ""), file("ctx/g", "1")), "+ build_context_root (g)"},
		{"a/bc and ab/c", all(file("ctx/a/bc", ""), file("ctx/ab/c", "2")), "+ build_context_root (ab, ab/c)"},
		{"executable bit", touch(func(r string) { must(t, os.Chmod(r+"/ctx/run.sh", 0o755)) }), "~ build_context_root (run.sh)"},
		{"file and link", all(file("ctx/f", ""), touch(func(r string) { must(t, os.Symlink("run.sh", r+"/ctx/f")) })), "~ build_context_root (f)"},
		{"link elsewhere", all(file("ctx/f", ""), touch(func(r string) { must(t, os.Symlink("a/bc", r+"/ctx/f")) })), "~ build_context_root (f)"},
		{"empty folder", touch(func(r string) { must(t, os.Mkdir(r+"/ctx/e", 0o755)) }), "+ build_context_root (e)"},
		{".dockerignore", file("ctx/.dockerignore", "*.log\nrun.sh\n"), "- build_context_root (run.sh)"},
		{"Dockerfile.dockerignore", file("docker/Dockerfile.dockerignore", "a\n"), "- build_context_root (a, a/bc)"},
		{"dockerignore of the settings", all(edit("target: b", "target: b, dockerignore: skip"), file("skip", "f\n")), "- build_context_root (f)"},
		{"argument", edit("A: '1'", "A: '2'"), "~ dockerfile_build.args (A)"},
		{"arguments in one", edit("A: '1'", "A: '1', V: '1'"), "+ dockerfile_build.args (V)"},
		{"label", edit("l: '1'", "l: '2'"), "~ dockerfile_build.labels (l)"},
		{"label and argument exchanged", all(edit("args: {A: '1'}", "args: {}"), edit("l: '1'", "l: '1', A: '1'")), "- dockerfile_build.args (A)"},
		{"target", edit("target: b", "target: a"), "+ dockerfile (target a)"},
		{"last stage", edit(", target: b", ""), "~ dockerfile"},
		{"network", edit("target: b", "target: b, network: none"), "+ dockerfile_build.options (network none)"},
		{"hosts", edit("target: b", "target: b, extra_hosts: {h: 10.0.0.1}"), "+ dockerfile_build.options (h:10.0.0.1)"},
		{"base", otherDigest("y"), "~ base_image (y digest)"},
		{"image that a stage copies from", otherDigest("x"), "~ base_image (x digest)"},
		{"secret", edit("[TOKEN]", "[TOKEN, MORE]"), "+ build_secrets (MORE)"},
		{"another stage", text("FROM z AS c", "FROM a AS c\nFROM w AS b2\nFROM b AS c2"), "~ dockerfile"},
		{"another image", text("FROM x AS a", "FROM x2 AS a"), "+ base_image (x2)"},
		{"platform", edit("dockerfile:", "platform: linux/arm64\ndockerfile:"), "~ platform (linux/amd64 → linux/arm64)"},
		{"user on top", edit("dockerfile:", "user: app\ndockerfile:"), "+ user (app)"},
		{"variable on top", edit("dockerfile:", "environment: {A: '1'}\ndockerfile:"), "+ environment (A)"},
		{"variable at run time on top", edit("dockerfile:", "runtime_environment: {A: '1'}\ndockerfile:"), "+ runtime_environment (A)"},
		{"label on top", edit("dockerfile:", "build: {labels: {l: '1'}}\ndockerfile:"), "+ build.labels (l)"},
		{"source on top", func(p *project) { p.noTree = false }, "+ source"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := ownDockerfile()
			c.change(&p)
			key, after := p.key(t)
			if other, same := keys[key]; same {
				t.Errorf("the key is that of %s", other)
			}
			keys[key] = c.name
			reasons := image.Reasons(image.InputsFromLabels(before.Labels()), after)
			t.Logf("%s", strings.Join(reasons, "\n"))
			if !contains(reasons, c.reason) {
				t.Errorf("the reasons are %q, want %q among them", reasons, c.reason)
			}
		})
	}
	for name, change := range map[string]func(*project){
		"a stage that is not built": otherDigest("z"),
		"a file that is not copied": file("docker/other", "x"),
		"an ignored file":           file("ctx/x.log", "x"),
		"pull and no_cache":         edit("target: b", "target: b, pull: true, no_cache: true"),
		"caches and memory":         edit("target: b", "target: b, cache_from: x, cache_to: type=inline, shm_size: 1GiB"),
		"times":                     touch(func(r string) { must(t, os.Chtimes(r+"/ctx/f", time.Unix(1, 0), time.Unix(1, 0))) }),
		"group may write":           touch(func(r string) { must(t, os.Chmod(r+"/ctx/f", 0o664)) }),
		"where the Dockerfile is":   all(edit("docker/Dockerfile", "D"), func(p *project) { file("D", p.files["docker/Dockerfile"])(p) }),
		"where the context is":      all(edit("build_context_root: ctx", "build_context_root: c/d"), moved("ctx/", "c/d/")),
		"ignore file elsewhere":     all(edit("target: b", "target: b, dockerignore: skip"), file("skip", "# logs\n*.log\n")),
		"where a secret's value is": edit("[TOKEN]", "[{name: TOKEN, file: /elsewhere}]"),
		"registry, repository, tag": edit("dockerfile:", "registry: ghcr.io\ntarget_repository: a\nimage_tag: b\ndockerfile:"),
		"prevent_build_reuse":       edit("dockerfile:", "prevent_build_reuse: true\ndockerfile:"),
		"no stack requirements":     edit("dockerfile:", "install_stack_requirements: false\ndockerfile:"),
	} {
		p := ownDockerfile()
		change(&p)
		if key, after := p.key(t); key != base {
			t.Errorf("%s: the key changed: %q", name, image.Reasons(before, after))
		}
	}
}

// moved gives files another folder.
func moved(from, to string) func(*project) {
	return func(p *project) {
		files := map[string]string{}
		for name, content := range p.files {
			if rest, inside := strings.CutPrefix(name, from); inside {
				name = to + rest
			}
			files[name] = content
		}
		p.files = files
	}
}
