package image_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
)

// lone is the key of a description alone, on files of its own.
func lone(t *testing.T, yaml string, files map[string]string, touch func(root string)) string {
	t.Helper()
	key, _ := project{yaml: yaml, files: files, digests: digests, noTree: true, touch: touch}.key(t)
	return key
}

// refused is whether an error of code is reported about YAML.
func refused(t *testing.T, yaml string, code diag.Code) bool {
	t.Helper()
	for _, d := range problems(t, yaml, nil, image.Options{}) {
		if d.Severity == diag.Error && d.Code == code {
			return true
		}
	}
	return false
}

// TestFaultsOfOthers is what went wrong in other tools, each by its name, and
// does not here.
func TestFaultsOfOthers(t *testing.T) {
	docker := func(image string) string { return "FROM " + image + "\nCOPY . .\n" }
	differ := func(t *testing.T, a, b string) {
		t.Helper()
		if a == b {
			t.Error("two images have one key")
		}
	}
	same := func(t *testing.T, a, b string) {
		t.Helper()
		if a != b {
			t.Error("one image has two keys")
		}
	}
	text := func(t *testing.T, yaml string) string {
		t.Helper()
		im := compile(t, yaml, image.Options{SourceRoot: lay(t, map[string]string{"d/a": "", "r.txt": "six\n"})})
		stages, err := im.Stages(image.BuildKit())
		must(t, err)
		return strings.Join(reread(t, stages[0]), "\n")
	}
	for name, check := range map[string]func(*testing.T){
		"ZenML, a quote or newline in a variable breaks the Dockerfile": func(t *testing.T) {
			got := text(t, `{base_image: a, environment: {A: "it's \"x\"\nRUN evil", B: "$HOME \\"}}`)
			if !strings.Contains(got, "ENV A it's \"x\"\nRUN evil") || !strings.Contains(got, `ENV B $HOME \`) {
				t.Error(got)
			}
		},
		"ZenML, apt packages and user are not escaped": func(t *testing.T) {
			for _, yaml := range []string{"apt_packages: ['git; rm -rf /']", "apt_packages: ['-o x']", "user: 'a; rm -rf /'", "user: \"a\\nRUN x\"", "layers: [{apt: ['$(x)']}]"} {
				if !refused(t, yaml, diag.BadValue) {
					t.Errorf("%s is taken", yaml)
				}
			}
		},
		"ZenML, a token in environment is in the image": func(t *testing.T) {
			for _, yaml := range []string{"environment: {A: ghp_" + strings.Repeat("a", 36) + "}", "layers: [{env: {A: ghp_" + strings.Repeat("a", 36) + "}}]", "build: {args: {A: ghp_" + strings.Repeat("a", 36) + "}}"} {
				if !refused(t, yaml, diag.SecretInPlain) {
					t.Errorf("%s is taken", yaml)
				}
			}
		},
		"ZenML, build arguments in the history are how secrets get there": func(t *testing.T) {
			root := lay(t, map[string]string{"token": "hunter2"})
			im := compile(t, "base_image: a\nbuild_secrets: [{name: T, file: token}]\ncommands: [x]", image.Options{SourceRoot: root})
			stages, err := im.Stages(image.BuildKit())
			must(t, err)
			for _, f := range stages[0].Files {
				if strings.Contains(string(f.Content), "hunter2") || f.Source != "" {
					t.Errorf("the secret's value is in %s", f.Path)
				}
			}
			if strings.Contains(string(stages[0].Dockerfile), "hunter2") || len(stages[0].Args) != 0 {
				t.Errorf("the secret's value is in the Dockerfile or its arguments:\n%s", stages[0].Dockerfile)
			}
		},
		"ZenML, what uv says is hidden behind its status": func(t *testing.T) {
			out, status := runScript(t, "python.sh", map[string]string{"python": "exit 0", "uv": "echo 'no version of torch' >&2; exit 2"}, "install", "uv", "/r.txt")
			if status != 2 || !strings.Contains(out, "no version of torch") {
				t.Errorf("status %d: %s", status, out)
			}
		},
		"ZenML, files of the build context are not in the key": func(t *testing.T) {
			yaml := "dockerfile: c/Dockerfile"
			differ(t, lone(t, yaml, map[string]string{"c/Dockerfile": docker("a"), "c/f": "1"}, nil), lone(t, yaml, map[string]string{"c/Dockerfile": docker("a"), "c/f": "2"}, nil))
		},
		"ZenML, .dockerignore is not in the key": func(t *testing.T) {
			yaml := "dockerfile: c/Dockerfile"
			differ(t, lone(t, yaml, map[string]string{"c/Dockerfile": docker("a"), "c/f": "1"}, nil), lone(t, yaml, map[string]string{"c/Dockerfile": docker("a"), "c/f": "1", "c/.dockerignore": "f\n.dockerignore\n"}, nil))
		},
		"ZenML, a moved base under a Dockerfile is not in the key": func(t *testing.T) {
			p := project{yaml: "dockerfile: Dockerfile", files: map[string]string{"Dockerfile": docker("a")}, digests: digests, noTree: true}
			before, _ := p.key(t)
			otherDigest("a")(&p)
			after, _ := p.key(t)
			differ(t, before, after)
		},
		"ZenML, the key knows the absolute path": func(t *testing.T) {
			files := map[string]string{"r.txt": "six\n"}
			same(t, lone(t, "requirements: r.txt", files, nil), lone(t, "requirements: r.txt", files, nil)) // two folders
		},
		"ZenML, the header that uv export writes is in the key": func(t *testing.T) {
			same(t, lone(t, "requirements: r.txt", map[string]string{"r.txt": "# uv export --directory /home/me/p\nsix==1\n"}, nil), lone(t, "requirements: r.txt", map[string]string{"r.txt": "# uv export --directory /home/you/q\nsix==1\n"}, nil))
		},
		"ZenML, variables or a user alone on a parent image are dropped": func(t *testing.T) {
			if got := text(t, "parent_image: a\nruntime_environment: {A: b}"); !strings.Contains(got, "ENV A b") {
				t.Error(got)
			}
			if got := text(t, "parent_image: a\nuser: app"); !strings.Contains(got, "USER app") {
				t.Error(got)
			}
		},

		"Flyte, file mode": func(t *testing.T) {
			files := map[string]string{"d/a": "x"}
			differ(t, lone(t, "copy: [{src: d}]", files, nil), lone(t, "copy: [{src: d}]", files, func(r string) { must(t, os.Chmod(r+"/d/a", 0o755)) }))
		},
		"Flyte, link and file": func(t *testing.T) {
			differ(t, lone(t, "copy: [{src: d}]", map[string]string{"d/a": "x", "d/b": "x"}, nil), lone(t, "copy: [{src: d}]", map[string]string{"d/a": "x"}, func(r string) { must(t, os.Symlink("a", r+"/d/b")) }))
		},
		"Flyte, empty folder": func(t *testing.T) {
			files := map[string]string{"d/a": "x"}
			differ(t, lone(t, "copy: [{src: d}]", files, nil), lone(t, "copy: [{src: d}]", files, func(r string) { must(t, os.Mkdir(r+"/d/e", 0o755)) }))
		},
		"Flyte, a/bc and ab/c": func(t *testing.T) {
			differ(t, lone(t, "copy: [{src: d}]", map[string]string{"d/a/bc": "x"}, nil), lone(t, "copy: [{src: d}]", map[string]string{"d/ab/c": "x"}, nil))
		},
		"Flyte, platform": func(t *testing.T) {
			differ(t, lone(t, "commands: [x]\nplatform: linux/amd64", nil, nil), lone(t, "commands: [x]\nplatform: linux/arm64", nil, nil))
		},
		"Flyte, python_version": func(t *testing.T) {
			differ(t, lone(t, "commands: [x]\npython_version: 3.12", nil, nil), lone(t, "commands: [x]\npython_version: 3.13", nil, nil))
		},
		"Flyte, one variable that looks like two": func(t *testing.T) {
			differ(t, lone(t, "environment: {A: '1 B=2'}", nil, nil), lone(t, "environment: {A: 1, B: 2}", nil, nil))
		},
		"Flyte, index_url and extra_index_urls": func(t *testing.T) {
			differ(t, lone(t, "requirements: [a]\nindex_url: https://x.example", nil, nil), lone(t, "requirements: [a]\nextra_index_urls: [https://x.example]", nil, nil))
		},
		"Flyte, equal text in pip, apt and commands": func(t *testing.T) {
			pip, apt, run := lone(t, "base_image: a\nlayers: [{pip: [git]}]", nil, nil), lone(t, "base_image: a\nlayers: [{apt: [git]}]", nil, nil), lone(t, "base_image: a\nlayers: [{run: git}]", nil, nil)
			differ(t, pip, apt)
			differ(t, apt, run)
			differ(t, pip, run)
		},
		"Flyte, a file that a Dockerfile copies": func(t *testing.T) {
			differ(t, lone(t, "dockerfile: Dockerfile", map[string]string{"Dockerfile": "FROM a\nCOPY f /\n", "f": "1"}, nil), lone(t, "dockerfile: Dockerfile", map[string]string{"Dockerfile": "FROM a\nCOPY f /\n", "f": "2"}, nil))
		},
		"Flyte, one tree has two tags": func(t *testing.T) {
			files := map[string]string{}
			for _, name := range []string{"z", "a", "m/z", "m/a", "b/c/d"} {
				files["d/"+name] = name
			}
			for range 3 { // maps and goroutines come in another order each time
				same(t, lone(t, "copy: [{src: d}]", files, nil), lone(t, "copy: [{src: d}]", files, nil))
			}
		},
		"Flyte, the client's path is in the Dockerfile": func(t *testing.T) {
			p := every()
			root := ""
			p.touch = func(r string) { root = r }
			stages, err := p.image(t).Stages(image.BuildKit())
			must(t, err)
			if strings.Contains(string(stages[0].Dockerfile), root) {
				t.Error(string(stages[0].Dockerfile))
			}
			for _, f := range stages[0].Files {
				if strings.Contains(f.Path, root) || strings.Contains(string(f.Content), root) {
					t.Errorf("%s has it", f.Path)
				}
			}
		},
		"Flyte, ENV B=a b": func(t *testing.T) {
			if got := text(t, "base_image: a\nlayers: [{env: {B: a b}}]"); !strings.Contains(got, "ENV B a b") {
				t.Error(got)
			}
		},

		"Kinetic, jax alone in requirements is no requirement": func(t *testing.T) {
			differ(t, lone(t, "commands: [x]\nrequirements: [jax]", nil, nil), lone(t, "commands: [x]\nrequirements: []", nil, nil))
			if got := text(t, "requirements: [jax]"); !strings.Contains(got, "/tmp/.stack-requirements/requirements.txt") {
				t.Error(got)
			}
		},
		"Kinetic, local paths pass the filter": func(t *testing.T) {
			for _, item := range []string{"./pkg", "../pkg", "/home/me/pkg", "pkg/", "file:///home/me/pkg", "a @ file:///home/me/a.whl", "-e .", "--find-links /home/me", "pkg-1.0-py3-none-any.whl"} {
				if !refused(t, "requirements: ['"+item+"']", diag.BadRequirement) {
					t.Errorf("%s is taken", item)
				}
			}
		},

		"Kitaru, http_proxy reaches only its upper-case form": func(t *testing.T) {
			got := text(t, "base_image: a\nenvironment: {http_proxy: 'http://p.example'}")
			if !strings.Contains(got, "ENV http_proxy http://p.example") || strings.Contains(got, "HTTP_PROXY") {
				t.Error(got)
			}
		},
		"Kitaru, a password in a URL is shown and an author is not": func(t *testing.T) {
			found := problems(t, "environment: {URL: 'https://me:hunter2@x.example', AUTHOR: ada}", nil, image.Options{})
			if len(found) != 1 || found[0].Code != diag.SecretInPlain || strings.Contains(summary(found)+found[0].Detail+found[0].Suggestion, "hunter2") {
				t.Error(summary(found))
			}
		},
		"ZenML and Kitaru, a typo is silent or slow": func(t *testing.T) {
			begun := time.Now()
			found := problems(t, "requirments: [a]\nlayers: [{pipp: [a]}]\nbuild: {target_: x}\ncopy: [{source: x}]\nbuild_secrets: [{nam: x}]", nil, image.Options{})
			hints := 0
			for _, d := range found {
				if d.Code == diag.UnknownField && d.Range != nil && strings.HasPrefix(d.Suggestion, "did you mean") {
					hints++
				}
			}
			if hints < 4 {
				t.Error(summary(found))
			}
			if took := time.Since(begun); took > time.Second {
				t.Errorf("it took %s", took)
			}
		},
		"ZenML, a wrong type prints a page": func(t *testing.T) {
			found := problems(t, "apt_packages: {git: true}", nil, image.Options{})
			if len(found) != 1 || found[0].Code != diag.WrongType || found[0].Range == nil || strings.Contains(found[0].Summary, "\n") {
				t.Error(summary(found))
			}
		},
	} {
		t.Run(name, check)
	}
}
