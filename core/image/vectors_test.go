package image_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/settings"
)

// merged is the settings of layers, the one that counts most first, each named
// before its YAML: "flow: {user: app}".
func merged(t *testing.T, layers ...string) (image.Settings, diag.List) {
	t.Helper()
	var trees []*settings.Value
	for _, l := range layers {
		name, text, _ := strings.Cut(l, ": ")
		tree, problems := settings.ParseYAML(name, []byte(text), settings.Layer(name))
		if problems.HasErrors() {
			t.Fatal(problems)
		}
		trees = append(trees, tree)
	}
	tree, problems := settings.Merge(reflect.TypeFor[image.Settings](), trees...)
	pruned, more := image.Prune(tree)
	var s image.Settings
	return s, append(append(problems, more...), settings.Decode(pruned, &s)...)
}

// outline is an image's instructions in short: what is installed by name.
func outline(t *testing.T, im image.Image) []string {
	t.Helper()
	if im.Action() == image.ActionUse {
		reference, _ := im.Base()
		return []string{"as it is " + reference}
	}
	stages, err := im.Pin(digests(im.References())).Stages(image.BuildKit())
	must(t, err)
	var all []string
	for i, s := range stages {
		if i < len(stages)-1 {
			all = append(all, "the user's Dockerfile")
			continue
		}
		mounts := mountsOf(t, s)
		for _, line := range reread(t, s) {
			words := strings.Split(line, "\x01")
			if words[0] != "RUN /bin/sh" {
				all = append(all, line)
				continue
			}
			from := ""
			for _, m := range mounts[0] {
				if parts := strings.Split(m, " "); len(parts) == 4 && parts[0] == "bind" && !strings.HasSuffix(parts[2], ".sh") {
					from = parts[2]
				}
			}
			mounts = mounts[1:]
			script := strings.TrimSuffix(strings.TrimPrefix(words[1], "/tmp/.stack-"), ".sh")
			switch script {
			case "-ec":
				all = append(all, "run "+words[2])
			case "python":
				what := words[2] + " " + words[3]
				rest := words[4:]
				if words[2] == "install" {
					rest = words[5:]
					for _, f := range s.Files {
						if f.Path == from+"/requirements.txt" {
							what += " " + strings.TrimPrefix(from, "build/") + " [" + strings.Join(strings.Fields(string(f.Content)), " ") + "]"
						}
					}
				}
				all = append(all, strings.Join(append([]string{what}, rest...), " "))
			default:
				all = append(all, strings.Join(append([]string{script}, words[2:]...), " "))
			}
		}
	}
	return all
}

// TestVectors is what other tools make of descriptions, and what we make of
// them: each name says whose it is.
func TestVectors(t *testing.T) {
	files := map[string]string{"train.py": "", "D": "FROM debian:12\n"}
	options := func(t *testing.T) image.Options {
		root := lay(t, files)
		return image.Options{
			SourceRoot: root, Tree: scan(t, root), StackRequirements: []string{"stackreq"}, Python: fakePython{},
			Integrations: map[string]image.Integration{"mlflow": {Requirements: []string{"mlflow"}}},
		}
	}
	const source = "COPY  source/ /app/"
	for _, c := range []struct {
		name   string
		layers []string
		want   []string // the outline, or codes of errors
		differ string   // why we do otherwise, where we do
	}{
		{"Kitaru 1, empty lists and maps", []string{"step: {requirements: [], apt_packages: [], environment: {}}", "flow: {requirements: [a, b], apt_packages: [git], environment: {A: 1, B: 2}, install_stack_requirements: false}"},
			[]string{"WORKDIR /app", "ENV A 1", "ENV B 2", source}, ""},
		{"Kitaru 2, some of them", []string{"step: {requirements: [z], environment: {B: '', C: 3}}", "flow: {requirements: [a, b], apt_packages: [git], environment: {A: 1, B: 2}, install_stack_requirements: false}"},
			[]string{"WORKDIR /app", "ENV A 1", "ENV B ", "ENV C 3", "apt git", "install uv requirements [z]", source}, ""},
		{"Kitaru 3, injected name that is there", []string{"stack: {inject: [kitaru]}", "flow: {requirements: ['KITARU ~= 0.3'], install_stack_requirements: false}"},
			[]string{"WORKDIR /app", "install uv requirements [KITARU ~= 0.3]", source}, ""},
		{"Kitaru 3, another name", []string{"stack: {inject: [kitaru]}", "flow: {requirements: [kitaru_extra], install_stack_requirements: false}"},
			[]string{"WORKDIR /app", "install uv requirements [kitaru_extra kitaru]", source}, ""},
		{"Kitaru 3, from git", []string{"stack: {inject: [kitaru]}", "flow: {requirements: ['kitaru @ git+https://x.example/kitaru.git'], install_stack_requirements: false}"},
			[]string{"WORKDIR /app", "install uv requirements [kitaru @ git+https://x.example/kitaru.git]", source}, "a package that comes from git is there already, and is not asked for twice"},
		{"Kitaru 4, two bases", []string{"flow: {base_image: a, dockerfile: D, requirements: [httpx]}"},
			[]string{"STK1209"}, "two bases on one layer contradict each other, which is told"},
		{"Kitaru 4, two bases on two layers", []string{"step: {dockerfile: D, requirements: [httpx], inject: [kitaru]}", "flow: {base_image: a, install_stack_requirements: false}"},
			[]string{"the user's Dockerfile", "WORKDIR /app", "install uv requirements [httpx]", source}, ""},
		{"Kitaru 5, an image that is a text", []string{"environment: python:3.12"}, []string{"STK1204"}, "an image is a map of settings: base_image says what the text would"},
		{"Kitaru 5, an image that is a number", []string{"environment: 3.12"}, []string{"STK1204"}, ""},
		{"Kitaru 5, an image that is a list", []string{"environment: [1]"}, []string{"STK1204"}, ""},
		{"Kinetic 6, jax in requirements", []string{"flow: {requirements: [numpy, 'JAX[tpu]>=0.4', libtpu_nightly, jaxtyping], install_stack_requirements: false}"},
			[]string{"WORKDIR /app", "install uv requirements [numpy JAX[tpu]>=0.4 libtpu_nightly jaxtyping]", source}, "what is asked for is installed: nothing of the base is in its way"},

		{"ZenML V1, nothing", []string{"flow: {}"}, []string{"WORKDIR /app", "install uv stack_requirements [stackreq]", source}, "uv comes with the layer, and no variables of our own are set"},
		{"ZenML V2, pip", []string{"flow: {python_package_installer: pip, requirements: [b==1, a]}"},
			[]string{"WORKDIR /app", "install pip stack_requirements [stackreq]", "install pip requirements [b==1 a]", source}, ""},
		{"ZenML V3, apt and variables", []string{"flow: {apt_packages: [git, curl], environment: {foo: 1}, runtime_environment: {z: 2}, install_stack_requirements: false}"},
			[]string{"WORKDIR /app", "ENV foo 1", "apt curl git", source, "ENV z 2"}, "the order of Debian packages has no meaning, so that it changes no key"},
		{"ZenML V4, integrations and arguments", []string{"flow: {required_integrations: [mlflow], requirements: [torch], python_package_installer_args: {system: null, index-url: 'https://u.example'}}"},
			[]string{"WORKDIR /app", "install uv stack_requirements [stackreq] --index-url=https://u.example", "install uv required_integrations [mlflow] --index-url=https://u.example",
				"install uv requirements [torch] --index-url=https://u.example", source}, "--system is what is done anyway"},
		{"ZenML V5, user and local project", []string{"flow: {user: '1000:1000', local_project_install_command: 'pip install . --no-deps', runtime_environment: {k: v}}"},
			[]string{"USER 0", "WORKDIR /app", "install uv stack_requirements [stackreq]", "owner 1000:1000 /app", "COPY 1000:1000 source/ /app/", "run uv pip install . --no-deps",
				"owner 1000:1000 /app", "ENV k v", "USER 1000:1000"}, "the user owns the source too, and the base's own user is in nobody's way"},
		{"ZenML V6, values", []string{"flow: {environment: {A: true, B: null, C: 3.5, D: \"it's\", E: 1.10}, install_stack_requirements: false}"},
			[]string{"WORKDIR /app", "ENV A true", "ENV C 3.5", "ENV D it's", "ENV E 1.10", source}, "values stay as they are written, null takes a variable away, and quotes are quoted"},
		{"ZenML V7, variables at run time alone", []string{"flow: {parent_image: p, install_stack_requirements: false, allow_including_files_in_images: false, runtime_environment: {Z: 2}}"},
			[]string{"WORKDIR /app", "ENV Z 2"}, "the variables are not lost: they are a layer"},
		{"ZenML V7, user alone", []string{"flow: {parent_image: p, install_stack_requirements: false, allow_including_files_in_images: false, user: app}"},
			[]string{"USER 0", "WORKDIR /app", "owner app /app", "USER app"}, "the user is not lost"},
		{"ZenML V8, skip_build", []string{"flow: {parent_image: p, skip_build: true, runtime_environment: {Z: 2}}"}, []string{"as it is p"}, ""},
		{"ZenML V8, skip_build and more", []string{"flow: {parent_image: p, skip_build: true, requirements: [x]}"}, []string{"STK1209"}, "what cannot be had is told, not ignored"},
		{"ZenML V8, skip_build above more", []string{"step: {parent_image: p, skip_build: true}", "flow: {requirements: [x]}"}, []string{"as it is p"}, ""},
		{"ZenML V9, Dockerfile and more", []string{"flow: {dockerfile: D, requirements: [x]}"},
			[]string{"the user's Dockerfile", "WORKDIR /app", "install uv stack_requirements [stackreq]", "install uv requirements [x]", source}, ""},
		{"ZenML V10, order of installs", []string{"flow: {replicate_local_python_environment: true, required_integrations: [mlflow], pyproject_path: p, requirements: [y]}"},
			[]string{"WORKDIR /app", "install uv local_environment [idna==3.10]", "install uv stack_requirements [stackreq]", "install uv required_integrations [mlflow]",
				"install uv pyproject [attrs==1]", "install uv requirements [y]", source}, ""},

		{"Flyte 8, order of calls", []string{"flow: {base_image: b, layers: [{apt: [git]}, {pip: [a, bc]}], allow_including_files_in_images: false, install_stack_requirements: false}"},
			[]string{"WORKDIR /app", "apt git", "install uv layers-pip [a bc]"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, problems := merged(t, c.layers...)
			var got []string
			im, more := image.Image{}, diag.List(nil)
			if !problems.HasErrors() {
				im, more = image.Compile(s, options(t))
			}
			for _, p := range append(problems, more...) {
				if p.Severity == diag.Error {
					got = append(got, string(p.Code))
				}
			}
			if got == nil {
				got = outline(t, im)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("%s (%s)\n%s", d, c.differ, summary(append(problems, more...)))
			}
		})
	}
}

// TestVectorsOfIdentity is which descriptions other tools take for one image,
// and which we do.
func TestVectorsOfIdentity(t *testing.T) {
	k := []image.BuildSecret{{Name: "K"}}
	base := func() image.Image { return image.FromBase("b") }
	for _, c := range []struct {
		name   string
		a, b   image.Image
		same   bool
		differ string // why we do otherwise, where we do
	}{
		{"Flyte 8, apt and pip exchanged", base().WithAptPackages([]string{"git"}).WithPipPackages([]string{"a"}), base().WithPipPackages([]string{"a"}).WithAptPackages([]string{"git"}), false, ""},
		{"Flyte 8, a letter moved between packages", base().WithPipPackages([]string{"a", "bc"}), base().WithPipPackages([]string{"ab", "c"}), false, "every item has its length before it"},
		{"Flyte 8, the same text in another layer", base().WithPipPackages([]string{"git"}), base().WithAptPackages([]string{"git"}), false, "every layer has its kind before it"},
		{"Flyte 9, order of variables", base().WithEnvVars(map[string]string{"A": "1", "B": "2"}), base().WithEnvVars(map[string]string{"B": "2", "A": "1"}), true, "it has no meaning"},
		{"Flyte 9, one variable that looks like two", base().WithEnvVars(map[string]string{"A": "1 B=2"}), base().WithEnvVars(map[string]string{"A": "1", "B": "2"}), false, ""},
		{"Flyte 9, one call or two", base().WithPipPackages([]string{"a", "b"}), base().WithPipPackages([]string{"a"}).WithPipPackages([]string{"b"}), false, "two installs can end in other versions than one"},
		{"Flyte 9, spelling of a secret", base().WithCommands([]string{"x"}, k...), base().WithCommands([]string{"x"}, image.BuildSecret{Name: "K", Env: "K"}), true, "it says the same"},
		{"Flyte 9, platform", base().WithCommands([]string{"x"}), base().WithCommands([]string{"x"}).Clone(image.Platform("linux/arm64")), false, "it is another image"},
		{"Flyte 10, order of packages", base().WithPipPackages([]string{"a", "b"}), base().WithPipPackages([]string{"b", "a"}), false, ""},
		{"Flyte 10, registry", base().WithCommands([]string{"x"}), base().WithCommands([]string{"x"}).Clone(image.Registry("r.example")), true, "where it is kept is not what it is"},
		{"Flyte 10, no packages", base().WithCommands([]string{"x"}), base().WithAptPackages([]string{}).WithCommands([]string{"x"}), true, "nothing is installed either way"},
		{"Flyte 10, secret", base().WithCommands([]string{"x"}), base().WithCommands([]string{"x"}, k...), false, "the command can do other things with it"},
		{"Flyte 10, calls add up", base().WithPipPackages([]string{"a"}).WithEnvVars(map[string]string{"A": "1"}).WithEnvVars(map[string]string{"B": "2"}), base().WithPipPackages([]string{"a"}).WithEnvVars(map[string]string{"A": "1"}), false, ""},
		{"Kinetic 6, no requirements and an empty list", base().WithCommands([]string{"x"}).WithPipPackages(nil), base().WithCommands([]string{"x"}), true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			must(t, c.a.Validate())
			must(t, c.b.Validate())
			if same := c.a.Identifier() == c.b.Identifier(); same != c.same {
				t.Errorf("the same image: %v (%s)", same, c.differ)
			}
		})
	}
}
