package image_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stackrun/stack/core/image"
)

const uvLock = "version = 1\n[[package]]\nname = \"rich\"\nversion = \"14.0\"\nsource = { registry = \"x\" }\n"

// every is a description with the settings that whole has not.
func every() project {
	return project{
		yaml: `
python_version: "3.12"
requirements: [torch==2.6.0, six]
inject: [kitaru]
required_integrations: [evidently]
uv_project: proj
uv_script: tool.py
copy: [{src: data, dst: d}, {src: one.txt, dst: e/}]
commands: [echo a, echo b]
local_project_install_command: pip install .
layers:
- pip: [httpx, anyio]
  index_url: https://a.example/simple
  extra_index_urls: [https://b.example/simple]
  args: {no-deps: null}
  secrets: [LAYER]
- apt: [jq, file]
  secrets: [APT]
- run: echo one
  secrets: [{name: RUN, env: RUN_TOKEN}]
- env: {E: "1", F: "2"}
- copy: {src: more, dst: m}
- workdir: /srv/inner
- requirements: layer.txt
- uv_project: inner
- run: echo two
build_secrets: [{name: TOKEN}, {name: CERT, mount: /run/cert}]
build: {network: none, extra_hosts: {h.example: 10.0.0.1}, args: {G: "1"}, labels: {i: "1"}}
`,
		files: map[string]string{
			"train.py": "x", "data/ab": "1", "data/a/bc": "2", "data/run.sh": "3", "one.txt": "4", "more/f": "5", "layer.txt": "idna\n",
			"proj/pyproject.toml": "[project]\nname = \"p\"\n[tool.uv.workspace]\nmembers = [\"lib\"]\n", "proj/uv.lock": uvLock, "proj/lib/pyproject.toml": "[project]\nname = \"lib\"\n",
			"inner/pyproject.toml": "[project]\nname = \"i\"\n", "inner/uv.lock": uvLock,
			"tool.py": "# /// script\n# dependencies = [\"click==8\"]\n# ///\n", "other/uv.lock": uvLock + "# other\n",
		},
		digests: digests,
		options: image.Options{Integrations: map[string]image.Integration{
			"evidently": {Requirements: []string{"evidently==1"}, AptPackages: []string{"libgomp1"}}, "other": {Requirements: []string{"evidently==1"}, AptPackages: []string{"libgomp1"}},
		}},
	}
}

func touch(do func(root string)) func(*project) { return func(p *project) { p.touch = do } }

func all(changes ...func(*project)) func(*project) {
	return func(p *project) {
		for _, c := range changes {
			c(p)
		}
	}
}

// TestKeyOfEverySetting changes one thing at a time that matters. Each key is
// another one, and the reason says what it was.
func TestKeyOfEverySetting(t *testing.T) {
	base, before := every().key(t)
	keys := map[string]string{base: "the base"}
	for _, c := range []struct {
		name   string
		change func(*project)
		reason string
	}{
		{"python_version", edit(`"3.12"`, `"3.13"`), "~ base_image (python:3.12-slim → python:3.13-slim)"},
		{"moved file", all(file("data/run.sh", ""), file("data/moved.sh", "3")), "+ copy (d/moved.sh)"},
		{"executable bit", touch(func(r string) { must(t, os.Chmod(r+"/data/run.sh", 0o755)) }), "~ copy (d/run.sh)"},
		{"file and link", all(file("data/ab", ""), touch(func(r string) { must(t, os.Symlink("run.sh", r+"/data/ab")) })), "~ copy (d/ab)"},
		{"link elsewhere", all(file("data/ab", ""), touch(func(r string) { must(t, os.Symlink("a/bc", r+"/data/ab")) })), "~ copy (d/ab)"},
		{"empty folder", touch(func(r string) { must(t, os.Mkdir(r+"/data/empty", 0o755)) }), "+ copy (d/empty)"},
		{"a/bc and ab/c", all(file("data/ab", ""), file("data/a/bc", ""), file("data/ab/c", "2")), "+ copy (d/ab/c)"},
		{"character moved between names and content", all(file("data/ab", ""), file("data/a/b", "1")), "+ copy (d/a/b)"},
		{"destination", edit("dst: d}", "dst: dd}"), "- copy (d/a, d/a/bc, d/ab, d/run.sh)"},
		{"order of copies", edit("{src: data, dst: d}, {src: one.txt, dst: e/}", "{src: one.txt, dst: e/}, {src: data, dst: d}"), "~ copy"},
		{"file and folder as destination", edit("dst: e/", "dst: e"), "+ copy (./e)"},
		{"copied content", file("one.txt", "9"), "~ copy (e/one.txt)"},

		{"order of requirements", edit("torch==2.6.0, six", "six, torch==2.6.0"), "~ requirements"},
		{"inject", edit("[kitaru]", "[zenml]"), "+ requirements (zenml)"},
		{"inject more", edit("[kitaru]", "[kitaru, zenml]"), "+ requirements (zenml)"},
		{"integration", func(p *project) {
			p.options.Integrations = map[string]image.Integration{"evidently": {Requirements: []string{"evidently==2"}, AptPackages: []string{"libgomp1"}}}
		}, "~ required_integrations (evidently 1 → 2)"},
		{"integration's apt packages", func(p *project) {
			p.options.Integrations = map[string]image.Integration{"evidently": {Requirements: []string{"evidently==1"}, AptPackages: []string{"libomp"}}}
		}, "+ apt_packages (libomp)"},
		{"uv project", file("proj/pyproject.toml", "[project]\nname = \"q\"\n"), "~ uv_project"},
		{"uv lock", file("proj/uv.lock", strings.Replace(uvLock, "14.0", "14.1", 1)), "~ uv_project (rich 14.0 → 14.1)"},
		{"another uv lock", edit("uv_project: proj\n", "uv_project: proj\nuv_lock: other/uv.lock\n"), "~ uv_project"},
		{"member of the workspace", file("proj/lib/pyproject.toml", "[project]\nname = \"lib2\"\n"), "~ uv_project"},
		{"script", file("tool.py", "# /// script\n# dependencies = [\"click==9\"]\n# ///\n"), "~ uv_script (click 8 → 9)"},
		{"Python of the script", all(edit("python_version: \"3.12\"\n", ""), file("tool.py", "# /// script\n# requires-python = \">=3.13\"\n# dependencies = [\"click==8\"]\n# ///\n")), "~ base_image (python:3.12-slim → python:3.14-slim)"},
		{"local project", edit("pip install .", "pip install -v ."), "~ local_project_install_command (pip install . → pip install -v .)"},
		{"no local project", edit("local_project_install_command: pip install .\n", ""), "- local_project_install_command (pip install .)"},
		{"installer", edit("inject:", "python_package_installer: pip\ninject:"), "~ requirements"},
		{"index", edit("inject:", "index_url: https://a.example/simple\ninject:"), "+ requirements (--index-url=https://a.example/simple)"},
		{"extra index", edit("inject:", "extra_index_urls: [https://a.example/simple]\ninject:"), "+ requirements (--extra-index-url=https://a.example/simple)"},
		{"pre", edit("inject:", "pre: true\ninject:"), "+ requirements (--prerelease=allow)"},
		{"same text, apt", edit("inject:", "apt_packages: [sametext]\ninject:"), "+ apt_packages (sametext)"},
		{"same text, command", edit("[echo a, echo b]", "[echo a, echo b, sametext]"), "+ commands (sametext)"},
		{"same text, requirement", edit("2.6.0, six", "2.6.0, six, sametext"), "+ requirements (sametext)"},
		{"same text, pip layer", edit("[httpx, anyio]", "[httpx, anyio, sametext]"), "+ layers.pip (sametext)"},
		{"same text, apt layer", edit("[jq, file]", "[jq, file, sametext]"), "+ layers.apt (sametext)"},
		{"same text, run layer", edit("run: echo two", "run: echo two\n- run: sametext"), "+ layers.run-3 (sametext)"},
		{"character moved between commands", edit("[echo a, echo b]", "[echo ae, cho b]"), "+ commands (echo ae, cho b)"},
		{"character moved between requirements", edit("[httpx, anyio]", "[httpxa, nyio]"), "+ layers.pip (httpxa, nyio)"},
		{"two commands in one", edit("[echo a, echo b]", `["echo a, echo b"]`), "+ commands (echo a, echo b)"},

		{"layer's requirement", edit("[httpx, anyio]", "[httpx==1, anyio]"), "~ layers.pip (httpx any → ==1)"},
		{"order in a layer", edit("[httpx, anyio]", "[anyio, httpx]"), "~ layers.pip"},
		{"layer's index", edit("https://a.example", "https://c.example"), "~ layers.pip (--index-url)"},
		{"layer's extra index", edit("https://b.example", "https://c.example"), "~ layers.pip (--extra-index-url)"},
		{"index and extra index", edit("  index_url: https://a.example/simple\n  extra_index_urls: [https://b.example/simple]", "  index_url: https://b.example/simple\n  extra_index_urls: [https://a.example/simple]"), "~ layers.pip (--index-url, --extra-index-url)"},
		{"layer's pre", edit("  args: {no-deps: null}", "  args: {no-deps: null}\n  pre: true"), "+ layers.pip (--prerelease=allow)"},
		{"layer's argument", edit("no-deps: null", "no-deps: x"), "~ layers.pip (--no-deps)"},
		{"layer's secret", edit("[LAYER]", "[OTHER]"), "+ layers.pip (secret OTHER)"},
		{"layer's secret, variable", edit("env: RUN_TOKEN", "env: RUN_KEY"), "~ layers.run"},
		{"layer's secret gone", edit("  secrets: [APT]\n", ""), "- layers.apt (secret APT)"},
		{"layer's command", edit("echo one", "echo three"), "+ layers.run (echo three)"},
		{"order of two layers of a kind", all(edit("run: echo two", "run: X"), edit("run: echo one", "run: echo two"), edit("run: X", "run: echo one")), "+ layers.run (echo two)"},
		{"order of layers", edit("- env: {E: \"1\", F: \"2\"}\n- copy: {src: more, dst: m}\n", "- copy: {src: more, dst: m}\n- env: {E: \"1\", F: \"2\"}\n"), "~ layers (order)"},
		{"layer's variable", edit(`E: "1"`, `E: "9"`), "~ layers.env (E)"},
		{"layer's variables in one", edit(`{E: "1", F: "2"}`, `{E: "1 F=2"}`), "- layers.env (F)"},
		{"layer's copy", file("more/f", "9"), "~ layers.copy (m/f)"},
		{"layer's copy, destination", edit("dst: m}", "dst: mm}"), "+ layers.copy (mm/f)"},
		{"layer's work directory", edit("/srv/inner", "/srv/other"), "~ layers.workdir (/srv/inner → /srv/other)"},
		{"layer's file", file("layer.txt", "idna==1\n"), "~ layers.requirements (idna any → ==1)"},
		{"layer's lock", file("inner/uv.lock", strings.Replace(uvLock, "14.0", "14.1", 1)), "~ layers.uv_project (rich 14.0 → 14.1)"},
		{"variables and layer's variables", edit("- env: {E: \"1\", F: \"2\"}\n", "- env: {E: \"1\"}\n- env: {F: \"2\"}\n"), "+ layers.env-2 (F)"},

		{"secret's name", edit("{name: TOKEN}", "{name: OTHER, env: TOKEN}"), "+ build_secrets (OTHER)"},
		{"secret's variable", edit("{name: TOKEN}", "{name: TOKEN, env: OTHER}"), "~ build_secrets"},
		{"secret's file in the build", edit("/run/cert", "/run/other"), "~ build_secrets"},
		{"secret added", edit("{name: TOKEN}", "{name: TOKEN}, {name: MORE}"), "+ build_secrets (MORE)"},

		{"network", edit("network: none", "network: host"), "+ build.options (network host)"},
		{"network by default", edit("network: none, ", ""), "- build.options (network none)"},
		{"host's address", edit("10.0.0.1", "10.0.0.2"), "+ build.options (h.example:10.0.0.2)"},
		{"host's name", edit("h.example", "i.example"), "+ build.options (i.example:10.0.0.1)"},
		{"build argument", edit(`G: "1"`, `G: "2"`), "~ build.args (G)"},
		{"label", edit(`i: "1"`, `i: "2"`), "~ build.labels (i)"},
		{"user", edit("inject:", "user: app\ninject:"), "+ user (app)"},
		{"workdir", edit("inject:", "workdir: /srv\ninject:"), "~ workdir (/app → /srv)"},
		{"variable", edit("inject:", "environment: {E: '1'}\ninject:"), "+ environment (E)"},
		{"variable at run time", edit("inject:", "runtime_environment: {E: '1'}\ninject:"), "+ runtime_environment (E)"},
		{"code", edit("local_project_install_command: pip install .\n", "allow_including_files_in_images: false\nbase_image: python:3.12-slim\n"), "- source"},
		{"dockerignore of copies", all(edit("inject:", "dockerignore: skip\ninject:"), file("skip", "run.sh\n")), "- copy (d/run.sh)"},
		{"platform", edit("inject:", "platform: linux/arm64\ninject:"), "~ platform (linux/amd64 → linux/arm64)"},
		{"platforms", edit("inject:", "platform: [linux/arm64, linux/amd64]\ninject:"), "~ platform (linux/amd64 → linux/amd64,linux/arm64)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := every()
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
	if len(keys) < 41 {
		t.Errorf("%d changes are shown", len(keys)-1)
	}
}

func contains(all []string, one string) bool {
	for _, a := range all {
		if a == one {
			return true
		}
	}
	return false
}

// TestKeyOfEverySettingStays changes one thing at a time that cannot change the
// image. before is what both descriptions have in common beside every.
func TestKeyOfEverySettingStays(t *testing.T) {
	bare := func(p *project) { p.noTree = true } // the source would hold the file
	local := edit("local_project_install_command: pip install .\n", "")
	set := func(line string) func(*project) { return edit("inject:", line+"\ninject:") }
	for _, c := range []struct {
		name           string
		before, change func(*project)
	}{
		{"another folder of this machine", nil, nil},
		{"time of files", nil, touch(func(r string) {
			for _, name := range []string{"train.py", "data/ab", "data", "proj/uv.lock", "layer.txt"} {
				must(t, os.Chtimes(filepath.Join(r, name), time.Unix(1, 0), time.Unix(1, 0)))
			}
		})},
		{"group and others may read", nil, touch(func(r string) {
			must(t, os.Chmod(r+"/data/ab", 0o600))
			must(t, os.Chmod(r+"/train.py", 0o666))
			must(t, os.Chmod(r+"/data", 0o700))
		})},
		{"user, home and host", nil, touch(func(string) {
			t.Setenv("USER", "somebody")
			t.Setenv("HOME", "/home/somebody")
			t.Setenv("HOSTNAME", "elsewhere")
			t.Setenv("TMPDIR", t.TempDir())
		})},
		{"registry", nil, set("registry: ghcr.io/acme")},
		{"repository", nil, set("target_repository: acme/train")},
		{"tag", nil, set("image_tag: v1")},
		{"prevent_build_reuse", nil, set("prevent_build_reuse: true")},
		{"no_cache and pull", nil, edit("build: {", "build: {no_cache: true, pull: true, ")},
		{"caches and memory of the build", nil, edit("build: {", "build: {cache_from: [ghcr.io/acme/c, b], cache_to: type=inline, shm_size: 2GiB, ")},
		{"default network", edit("network: none", "network: default"), edit("network: default, ", "")},
		{"hosts as a list", nil, edit("{h.example: 10.0.0.1}", "['h.example:10.0.0.1']")},
		{"order of hosts", edit("{h.example: 10.0.0.1}", "{h.example: 10.0.0.1, a: 10.0.0.2}"), edit("{h.example: 10.0.0.1, a: 10.0.0.2}", "{a: 10.0.0.2, h.example: 10.0.0.1}")},
		{"order of secrets", nil, edit("[{name: TOKEN}, {name: CERT, mount: /run/cert}]", "[{name: CERT, mount: /run/cert}, {name: TOKEN}]")},
		{"file of a secret", nil, edit("{name: TOKEN}", "{name: TOKEN, file: /elsewhere/token}")},
		{"content of a secret's file", all(bare, local, edit("{name: TOKEN}", "{name: TOKEN, file: token}"), file("token", "a")), file("token", "b")},
		{"short form of a secret", nil, edit("{name: TOKEN}", "TOKEN")},
		{"secret's variable is its name", nil, edit("{name: TOKEN}", "{name: TOKEN, env: TOKEN}")},
		{"order of a layer's secrets", edit("[LAYER]", "[LAYER, ANOTHER]"), edit("[LAYER, ANOTHER]", "[ANOTHER, LAYER]")},
		{"order of apt packages", set("apt_packages: [b1, a1]"), edit("[b1, a1]", "[a1, b1, a1]")},
		{"order of a layer's apt packages", nil, edit("[jq, file]", "[file, jq]")},
		{"order of a layer's variables", nil, edit(`{E: "1", F: "2"}`, `{F: "2", E: "1"}`)},
		{"order of arguments and labels", all(edit(`{G: "1"}`, `{G: "1", H: "2"}`), edit(`{i: "1"}`, `{i: "1", j: "2"}`)), all(edit(`{G: "1", H: "2"}`, `{H: "2", G: "1"}`), edit(`{i: "1", j: "2"}`, `{j: "2", i: "1"}`))},
		{"dashes of an installer's option", nil, edit("no-deps: null", "--no-deps: null")},
		{"inject what is there", nil, edit("[kitaru]", "[kitaru, Torch>=1, 'rich', 'evidently', click, httpx]")},
		{"inject into one's own base", all(set("base_image: python:3.12-slim"), edit("[kitaru]", "[]")), edit("[]", "[kitaru]")},
		{"integration of another name", nil, edit("[evidently]", "[other]")},
		{"lock named", nil, edit("uv_project: proj\n", "uv_project: proj/pyproject.toml\nuv_lock: proj/uv.lock\n")},
		{"one package in place of a list", edit("[httpx, anyio]", "[httpx]"), edit("[httpx]", "httpx")},
		{"comments in requirements files", all(bare, local), file("layer.txt", "# by uv for /home/me\n\nidna  # why\n")},
		{"name of the requirements file", all(bare, local), all(edit("requirements: layer.txt", "requirements: deep/l.txt"), file("deep/l.txt", "idna\n"))},
		{"the script's own code", all(bare, local), file("tool.py", "# /// script\n# dependencies = [\"click==8\"]\n# ///\nprint(1)\n")},
		{"ignored files", all(bare, local, file("data/.dockerignore", "*.log")), file("data/x.log", "1")},
		{"name of the ignore file", all(bare, local, set("dockerignore: skip"), file("skip", "run.sh")), all(edit("dockerignore: skip", "dockerignore: another"), file("another", "# scripts\nrun.sh\n"))},
		{"copied file of another name", all(bare, local), all(edit("src: one.txt, dst: e/", "src: two.txt, dst: e/one.txt"), file("two.txt", "4"))},
		{"default Python", nil, edit("python_version: \"3.12\"\n", "")},
		{"default platform", nil, set("platform: linux/amd64")},
		{"order of platforms", set("platform: [linux/amd64, linux/arm64]"), edit("[linux/amd64, linux/arm64]", "[linux/arm64, linux/amd64]")},
		{"default work directory", nil, set("workdir: /app")},
		{"default installer", nil, set("python_package_installer: uv")},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, b := every(), every()
			for _, change := range []func(*project){c.before, c.change} {
				if change != nil {
					change(&p)
				}
			}
			if c.before != nil {
				c.before(&b)
			}
			base, was := b.key(t)
			if key, is := p.key(t); key != base {
				t.Errorf("the key changed: %q", image.Reasons(was, is))
			}
		})
	}
}
