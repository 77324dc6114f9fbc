package image_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/settings"
)

// problems is what reading and compiling YAML reports.
func problems(t *testing.T, text string, files map[string]string, o image.Options) diag.List {
	t.Helper()
	s, ranges, found := read(t, text)
	if found.HasErrors() {
		return found
	}
	o.SourceRoot, o.RangeOf = lay(t, files), ranges
	_, more := image.Compile(s, o)
	return append(found, more...)
}

func TestDiagnostics(t *testing.T) {
	github := "ghp_" + strings.Repeat("a", 36)
	for _, c := range []struct {
		name, yaml string
		want       string // code, severity and place of each
		says       string // part of the text
	}{
		{"nothing wrong", "base_image: debian:12\nuser: app", "", ""},

		{"mode", "mode: prebuilt", "STK0006 error 1:7", "mode prebuilt"},
		{"unknown mode", "mode: fast", "STK1206 error 1:7", "fast"},
		{"not built", "base_image_repo: a", "STK0006 error 1:18", "image.base_image_repo"},
		{"not built, a list", "secret_environment_from:\n- a", "STK0006 error 2:1", "image.secret_environment_from"},
		{"not built, taken away", "base_image_repo: null", "", ""},
		{"unknown", "base_imge: x", "STK1203 error 1:1", "base_imge"},
		{"unknown in build", "build: {arg: {}}", "STK1203 error 1:9", "arg"},

		{"base", "base_image: 'a b'", "STK1206 error 1:13", "a b"},
		{"base, upper case", "base_image: Python", "STK1206 error 1:13", "Python"},
		{"parent", "parent_image: ':'", "STK1206 error 1:15", ""},
		{"python", "python_version: 2.7", "STK1206 error 1:17", "2.7"},
		{"python, more", "python_version: '>=3.12'", "STK1206 error 1:17", ""},
		{"apt", "apt_packages: [git, 'x; rm -rf /']", "STK1206 error 1:21", "rm -rf"},
		{"apt option", "apt_packages: [--allow-unauthenticated]", "STK1206 error 1:16", ""},
		{"apt shapes", "apt_packages: [g++, 'libc6:arm64=2.36-9+deb12u7', libstdc++6]", "", ""},
		{"command, empty", "commands: ['', a]", "STK1206 error 1:12", "empty"},
		{"installer", "python_package_installer: poetry", "STK1206 error 1:27", "poetry"},
		{"installer argument, name", "python_package_installer_args: {'a b': x}", "STK1206 error 1:40", "a b"},
		{"installer argument, ours", "python_package_installer_args: {target: /x}", "STK1206 error 1:41", "--target"},
		{"installer argument, done anyway", "requirements: [a]\npython_package_installer_args: {system: null}", "", ""},
		{"index", "index_url: not a url", "STK1206 error 1:12", "URL"},
		{"variable", "environment: {'A B': x}", "STK1207 error 1:22", "A B"},
		{"variable with an equals sign", "runtime_environment: {'A=B': x}", "STK1207 error 1:30", ""},
		{"PATH", "environment: {PATH: '/opt/bin:$PATH'}", "STK1206 warning 1:21", "$PATH"},
		{"user", "user: 'a b'", "STK1206 error 1:7", "a b"},
		{"user, injection", "user: \"a\\nRUN x\"", "STK1206 error 1:7", ""},
		{"workdir", "workdir: app", "STK1206 error 1:10", "absolute"},
		{"workdir, root", "workdir: /x/..", "STK1206 error 1:10", "system"},
		{"workdir, newline", "workdir: \"/a\\nb\"", "STK1206 error 1:10", "control"},
		{"platform", "platform: linux/amd46", "STK1206 error 1:11", "amd46"},
		{"platforms", "platform: [linux/amd64, windows/amd64, linux/amd64]", "STK1206 error 1:25, STK1208 error 1:40", ""},
		{"platforms, none", "platform: []", "STK1206 error 1:11", "empty"},
		{"tag", "image_tag: 'a b'", "STK1206 error 1:12", ""},
		{"repository", "target_repository: A", "STK1206 error 1:20", ""},
		{"registry", "registry: https://x", "STK1206 error 1:11", ""},
		{"target", "build: {target: x}", "STK1206 error 1:17", "dockerfile_build.target"},
		{"argument", "build: {args: {'A-B': x}}", "STK1207 error 1:23", "A-B"},
		{"argument, reserved", "build: {args: {STACK_VALUE_1: x}}", "STK1207 error 1:31", ""},
		{"label", "build: {labels: {'a b': x}}", "STK1207 error 1:25", "a b"},
		{"label, reserved", "build: {labels: {dev.stackrun.key: x}}", "STK1207 error 1:36", ""},

		{"requirement", "requirements: [torch>=2, 'two words']", "STK4004 error 1:26", "two words"},
		{"requirement, option", "requirements: ['--index-url https://x']", "STK4004 error 1:16", "--index-url"},
		{"requirement, editable", "requirements: ['-e .']", "STK4004 error 1:16", ""},
		{"requirement, folder", "requirements: ['./pkg']", "STK4004 error 1:16", "machine"},
		{"requirement, newline", "requirements: [\"a\\nb\"]", "STK4004 error 1:16", ""},
		{"requirement, injection", "requirements: ['a; rm -rf / ; b']", "STK4004 error 1:16", ""},
		{"requirement, empty", "requirements: ['']", "STK4004 error 1:16", ""},
		{"requirement, no such file", "requirements: ['-r none.txt']", "STK0003 error 1:16", "none.txt"},
		{"requirements, no such file", "requirements: none.txt", "STK0003 error 1:15", "none.txt"},
		{"requirement, from a URL", "requirements: ['-r https://x/y.txt']", "STK4004 error 1:16", "URL"},
		{"requirements, wrong type", "requirements: {a: b}", "STK1204 error 1:15", ""},
		{"requirements in a file", "requirements: bad.txt", "STK4004 error 2:1, STK4004 error 3:1", "bad one"},
		{"requirements that include bad ones", "requirements: [-r nested.txt]", "STK4004 error 2:1, STK4004 error 3:1", "bad one"},
		{"requirements with a password", "requirements: token.txt", "SEC201 error 1:1", ""},

		{"token", "environment: {A: " + github + "}", "SEC201 error 1:18", "GitHub"},
		{"token in a command", "commands: ['curl -H " + github + "']", "SEC201 error 1:12", ""},
		{"token at run time", "runtime_environment: {A: AKIAABCDEFGHIJKLMNOP}", "SEC201 error 1:26", "AWS"},
		{"token in an argument", "build: {args: {A: hf_" + strings.Repeat("b", 34) + "}}", "SEC201 error 1:19", ""},
		{"token in a label", "build: {labels: {a: glpat-" + strings.Repeat("b", 20) + "}}", "SEC201 error 1:21", ""},
		{"password in a URL", "environment: {A: 'https://me:hunter2@pypi.example/simple'}", "SEC201 error 1:18", "URL"},
		{"token in a URL", "index_url: https://hunter2@pypi.example/simple", "SEC201 error 1:12", "the URL holds credentials, which"},
		{"token in another URL", "extra_index_urls: ['https://a:hunter2@pypi.example/simple']", "SEC201 error 1:20", ""},
		{"password in a requirement", "requirements: ['a @ https://me:hunter2@x/a.whl']", "SEC201 error 1:16", ""},
		{"user in a git URL", "requirements: ['a @ git+ssh://git@github.com/a/b']", "", ""},
		{"private key", "environment: {A: \"-----BEGIN RSA PRIVATE KEY-----\\nx\"}", "SEC201 error 1:18", "private key"},
		{"expanded token", "environment: {A: '${TOKEN}'}", "SEC201 error 1:18", "GitHub"},
		{"name of a secret", "environment: {DB_PASSWORD: x}", "SEC202 warning 1:28", "DB_PASSWORD"},
		{"name of an author", "environment: {AUTHOR: x, TOKENIZERS_PARALLELISM: 'false', MAX_TOKENS: 5, KEYBOARD: x, TOKEN_FILE: /x}", "", ""},

		{"variable not set", "environment: {A: '${NOPE}'}", "STK1306 error 1:18", "NOPE"},
		{"variable not set, with message", "build: {args: {A: '${NOPE:?set it}'}}", "STK1306 error 1:19", "set it"},
		{"variables", "runtime_environment: {A: '${NOPE:-x}', B: '$$NOPE $NOPE $', C: '${EMPTY}'}", "", ""},

		{"two bases", "base_image: a\ndockerfile: b", "STK1209 error 2:13", "base_image"},
		{"two spellings", "base_image: a\nparent_image: b", "STK1209 error 2:15", "parent_image"},
		{"one base, twice", "base_image: a\nparent_image: a", "", ""},
		{"skip and mode", "skip_build: true\nmode: bundled\nbase_image: a", "STK1209 error 1:13", ""},
		{"no skip and mode", "skip_build: false\nmode: custom\nbase_image: a", "STK1209 error 1:13", ""},
		{"skip", "skip_build: true\nbase_image: a", "", ""},
		{"custom without base", "mode: custom", "STK1205 error 1:7", "base_image"},
		{"custom with a Dockerfile", "mode: custom\ndockerfile: a", "STK1209 error 2:13, STK1205 error 1:7", "dockerfile"},
		{"custom with requirements", "mode: custom\nbase_image: a\nrequirements: [b]\nuser: app", "STK1209 error 3:15, STK1209 error 4:7", "requirements"},
		{"context without a Dockerfile", "build_context_root: .", "STK1209 error 1:21", ""},
		{"options without a Dockerfile", "dockerfile_build: {no_cache: true}", "STK1209 error 1:19", ""},
		{"no code", "allow_including_files_in_images: false", "STK3001 error 1:34", ""},
		{"no code in one's own", "allow_including_files_in_images: false\nbase_image: a", "STK3001 warning 1:34", ""},

		{"no Dockerfile", "dockerfile: none", "STK0003 error 1:13", "none"},
		{"no context", "dockerfile: Dockerfile\nbuild_context_root: none", "STK0003 error 2:21", "none"},
		{"stage", "dockerfile: Dockerfile\ndockerfile_build: {target: finl}", "STK1206 error 2:28", "finl"},
		{"argument without ARG", "dockerfile: Dockerfile\ndockerfile_build: {args: {BSE: x}}", "STK3003 warning 2:32", "BSE"},
		{"Dockerfile, empty", "dockerfile: Empty", "STK4003 error Empty:1:1", ""},
		{"Dockerfile, unknown instruction", "dockerfile: Unknown", "STK4003 error Unknown:2:1", ""},
		{"Dockerfile, unset base", "dockerfile: Unset", "STK4003 error Unset:2:3", "WHICH"},
		{"Dockerfile, wrong base", "dockerfile: Wrong", "STK4003 error Wrong:1:1", "UPPER"},
		{"Dockerfile, quoted mount", "dockerfile: Quoted", "STK4003 error Quoted:2:1", ""},
		{"Dockerfile, ADD of a URL", "dockerfile: Add", "STK4003 warning Add:2:1", "--checksum"},
		{"Dockerfile, no ignore file", "dockerfile: ctx/Dockerfile\nbuild_context_root: ctx\ndockerfile_build: {dockerignore: none}", "STK0003 error 3:34", "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := image.Options{Lookup: lookup(map[string]string{"TOKEN": github, "EMPTY": ""})}
			files := map[string]string{
				"bad.txt": "a\nbad one\n-e .\n", "nested.txt": "-r bad.txt\n", "token.txt": "a @ https://me:hunter2@x/a.whl\n",
				"Dockerfile": "ARG BASE\nFROM a AS final\n", "Empty": "", "Unknown": "FROM a\nRNU x\n", "Unset": "ARG WHICH\n  FROM $WHICH\n",
				"Wrong": "FROM UPPER\n", "Quoted": "FROM a\nRUN --mount='type=bind,fro'm=b,target=/x y\n", "Add": "FROM a\nADD https://x.example/y /z\n", "ctx/Dockerfile": "FROM a\n",
			}
			found := problems(t, c.yaml, files, o)
			var got []string
			for _, d := range found {
				at := ""
				if d.Range != nil {
					at = " " + strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(d.Range.String(), "flow.yaml:"), "bad.txt:"), "token.txt:"), "/")
				}
				got = append(got, string(d.Code)+" "+string(d.Severity)+at)
				if strings.Contains(d.Summary+d.Detail+d.Suggestion, "hunter2") || strings.Contains(d.Summary+d.Detail+d.Suggestion, github) {
					t.Errorf("the secret is in the message: %+v", d)
				}
			}
			if d := cmp.Diff(c.want, strings.Join(got, ", ")); d != "" {
				t.Errorf("%s\n%s", d, summary(found))
			}
			if c.says != "" && !strings.Contains(summary(found), c.says) {
				said := false
				for _, d := range found {
					said = said || strings.Contains(d.Detail+d.Suggestion, c.says)
				}
				if !said {
					t.Errorf("nothing says %q:\n%s", c.says, summary(found))
				}
			}
		})
	}
}

func TestCompile(t *testing.T) {
	root := lay(t, map[string]string{"a": ""})
	for _, c := range []struct {
		name, yaml string
		tree       bool
		action     image.Action
		reference  string
		platforms  []string
	}{
		{"default", "{}", true, image.ActionBuild, "python:3.12-slim", []string{"linux/amd64"}},
		{"python", "python_version: 3.13", true, image.ActionBuild, "python:3.13-slim", []string{"linux/amd64"}},
		{"text of a number", "python_version: 3.10", true, image.ActionBuild, "python:3.10-slim", []string{"linux/amd64"}},
		{"nothing to add", "base_image: a", false, image.ActionUse, "a", []string{"linux/amd64"}},
		{"empty things", "base_image: a\nrequirements: []\nenvironment: {}\napt_packages: []\nbuild: {}", false, image.ActionUse, "a", []string{"linux/amd64"}},
		{"custom", "mode: custom\nbase_image: a", true, image.ActionUse, "a", []string{"linux/amd64"}},
		{"platforms", "base_image: a\nplatform: [linux/arm64, linux/amd64]", true, image.ActionBuild, "a", []string{"linux/amd64", "linux/arm64"}},
	} {
		o := image.Options{SourceRoot: root}
		if c.tree {
			o.Tree = scan(t, root)
		}
		im := compile(t, c.yaml, o)
		reference, digest := im.Base()
		if im.Action() != c.action || reference != c.reference || !strings.HasPrefix(digest, "sha256:") || cmp.Diff(c.platforms, im.Platforms()) != "" {
			t.Errorf("%s: %s %s %s %v", c.name, im.Action(), reference, digest, im.Platforms())
		}
		if im.Action() == image.ActionUse {
			if _, _, err := im.Key(); err == nil {
				t.Errorf("%s: there is a key", c.name)
			}
			if im.Dockerfile(image.BuildKit()) != "" {
				t.Errorf("%s: there is a Dockerfile", c.name)
			}
		}
	}
	im := compile(t, "environment: {A: '1', B: $$x}\nruntime_environment: {A: '2'}", image.Options{})
	if d := cmp.Diff(map[string]string{"A": "2", "B": "$x"}, im.Environment()); d != "" {
		t.Error(d)
	}
	im = compile(t, "mode: custom\nbase_image: a\nruntime_environment: {A: '2'}", image.Options{})
	if d := cmp.Diff(map[string]string{"A": "2"}, im.Environment()); d != "" {
		t.Error(d)
	}
	im = compile(t, "base_image: a@sha256:"+strings.Repeat("1", 64), image.Options{})
	if _, digest := im.Base(); digest != "sha256:"+strings.Repeat("1", 64) {
		t.Errorf("the digest of a reference that has one is %q", digest)
	}
}

func TestMirrors(t *testing.T) {
	mirrors := map[string]string{"docker.io": "m.corp/hub/", "ghcr.io": "m.corp/gh"}
	for text, want := range map[string]string{
		"python:3.12":            "m.corp/hub/library/python:3.12",
		"python":                 "m.corp/hub/library/python:latest",
		"acme/x":                 "m.corp/hub/acme/x:latest",
		"ghcr.io/a/b:c":          "m.corp/gh/a/b:c",
		"quay.io/a/b:c":          "quay.io/a/b:c",
		"localhost:5000/a":       "localhost:5000/a",
		"index.docker.io/a/b":    "m.corp/hub/a/b:latest",
		"scratch":                "scratch",
		"docker.io/library/a:b1": "m.corp/hub/library/a:b1",
	} {
		im, problems := image.Compile(image.Settings{BaseImage: text, Workdir: "/w"}, image.Options{Mirrors: mirrors})
		if problems.HasErrors() {
			t.Error(problems)
		}
		if got, _ := im.Base(); got != want {
			t.Errorf("%s is read from %s, want %s", text, got, want)
		}
	}
}

// layered is a merged tree whose entries come from the layers named.
func layered(entries ...string) *settings.Value {
	v := &settings.Value{Kind: settings.Map, Layer: settings.Step}
	for i, e := range entries {
		parts := strings.SplitN(e, " ", 3)
		kind := settings.String
		if parts[2] == "true" || parts[2] == "false" {
			kind = settings.Bool
		}
		v.Entries = append(v.Entries, settings.Entry{Key: parts[1], Value: &settings.Value{
			Kind: settings.Scalar, Text: parts[2], Type: kind, Layer: settings.Layer(parts[0]),
			Range: diag.Range{File: parts[0], Line: i + 1, Column: 1},
		}})
	}
	return v
}

func TestPrune(t *testing.T) {
	for _, c := range []struct {
		name  string
		tree  []string
		want  []string
		found string
	}{
		{"parent of a higher layer", []string{"stack base_image a", "flow parent_image b"}, []string{"flow base_image b"}, ""},
		{"parent of a lower layer", []string{"flow base_image a", "stack parent_image b"}, []string{"flow base_image a"}, ""},
		{"parent alone", []string{"stack parent_image b"}, []string{"stack base_image b"}, ""},
		{"both on one layer", []string{"flow base_image a", "flow parent_image b"}, []string{"flow base_image a"}, "flow:2:1: error STK1209 parent_image and base_image are two spellings of one setting"},

		{"a Dockerfile above a base", []string{"stack base_image a", "flow dockerfile D"}, []string{"flow dockerfile D"},
			"stack:1:1: info STK3003 base_image, from the layer stack, is dropped: dockerfile, from the layer flow, is used in its place"},
		{"a base above a Dockerfile", []string{"stack dockerfile D", "stack build_context_root .", "step base_image a"}, []string{"step base_image a"},
			"stack:1:1: info STK3003 dockerfile, from the layer stack, is dropped: base_image, from the layer step, is used in its place\n" +
				"stack:2:1: info STK3003 build_context_root, from the layer stack, is dropped: base_image, from the layer step, is used in its place"},
		{"both bases on one layer", []string{"flow base_image a", "flow dockerfile D"}, []string{"flow base_image a"}, "flow:2:1: error STK1209 dockerfile and base_image exclude each other"},

		{"skip_build", []string{"flow skip_build true", "flow base_image a"}, []string{"flow base_image a", "flow mode custom"}, ""},
		{"skip_build false", []string{"flow skip_build false"}, nil, ""},
		{"skip_build above a mode", []string{"stack mode bundled", "flow skip_build true"}, []string{"flow mode custom"}, ""},
		{"skip_build false above custom", []string{"stack mode custom", "flow skip_build false"}, []string{"flow mode bundled"}, ""},
		{"skip_build below a mode", []string{"step mode bundled", "flow skip_build true"}, []string{"step mode bundled"}, ""},
		{"skip_build and its mode", []string{"flow mode custom", "flow skip_build true"}, []string{"flow mode custom"}, ""},
		{"skip_build against its layer's mode", []string{"flow mode bundled", "flow skip_build true"}, []string{"flow mode bundled"}, "flow:2:1: error STK1209 skip_build: true contradicts mode: bundled"},

		{"custom drops what is below", []string{"step mode custom", "stack base_image a", "flow user app", "stack python_version 3.12", "flow runtime_environment x"},
			[]string{"step mode custom", "stack base_image a", "stack python_version 3.12", "flow runtime_environment x"},
			"flow:3:1: info STK3003 user, from the layer flow, is dropped: mode custom, from the layer step, is used in its place"},
		{"custom keeps what is above", []string{"flow mode custom", "step user app"}, []string{"flow mode custom", "step user app"}, ""},
		{"custom by the other spelling", []string{"step skip_build true", "flow workdir /x"}, []string{"step mode custom"},
			"flow:2:1: info STK3003 workdir, from the layer flow, is dropped: mode custom, from the layer step, is used in its place"},

		{"not built", []string{"flow base_image_repo a", "flow user app"}, []string{"flow user app"}, "flow:1:1: error STK0006 image.base_image_repo is not available in this version of stack"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tree := layered(c.tree...)
			before := len(tree.Entries)
			pruned, found := image.Prune(tree)
			if len(tree.Entries) != before {
				t.Error("the tree that was given is changed")
			}
			var got []string
			for _, e := range pruned.Entries {
				got = append(got, string(e.Value.Layer)+" "+e.Key+" "+e.Value.Text)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(c.found, summary(found)); d != "" {
				t.Error(d)
			}
		})
	}
	if pruned, found := image.Prune(nil); pruned != nil || found != nil {
		t.Error("nothing became something")
	}
}

// Every setting of the product's table is known here, built or not.
func TestSettingsAreKnown(t *testing.T) {
	for _, name := range strings.Fields(`mode skip_build base_image parent_image base_image_repo base_image_version python_version dockerfile
		build_context_root requirements pyproject_path pyproject_export_command uv_project uv_lock uv_script required_integrations
		install_stack_requirements replicate_local_python_environment local_project_install_command
		disable_automatic_requirements_detection inject python_package_installer python_package_installer_args index_url extra_index_urls
		pre apt_packages commands environment runtime_environment build_secrets secret_environment_from user workdir copy layers dockerignore
		build dockerfile_build platform registry target_repository image_tag prevent_build_reuse allow_download_from_code_repository
		allow_download_from_artifact_store allow_including_files_in_images`) {
		var s image.Settings
		tree, _ := settings.ParseYAML("f", []byte(name+": {a: b}"), settings.Flow)
		for _, d := range settings.Decode(tree, &s) {
			if d.Code == diag.UnknownField && strings.Contains(d.Summary, `"`+name+`"`) {
				t.Errorf("%s is unknown", name)
			}
		}
	}
}
