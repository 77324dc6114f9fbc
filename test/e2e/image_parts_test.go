//go:build e2e

package e2e_test

import (
	"strings"
	"testing"
)

// TestImageLocalProject: the source is installed as the project that it is, by
// root, and belongs to the user afterwards.
func TestImageLocalProject(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		p := newProject(t, map[string]string{
			"stacks.hcl":     stacks{registry: ownRegistry(t)}.hcl(t),
			"pyproject.toml": "[project]\nname = \"mine\"\nversion = \"1.2\"\ndependencies = [\"not-on-any-index-e2e\"]\n[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n[tool.setuptools]\npy-modules = [\"mine\"]\n",
			"mine.py":        "import os\nX = 'it is mine, ' + os.path.dirname(__file__)\n",
			"flow.yaml": `version: 1
name: local
image: {base_image: "python:3.11-slim", user: worker}
steps:
  pip:
    run: "cd /; python -c 'import mine; print(mine.X)'; touch /app/build/mine; id"
    image: {python_package_installer: pip, local_project_install_command: "id -u > /who; pip install . --no-deps --no-build-isolation"}
  uv:
    run: "cd /; python -c 'import mine; print(mine.X)'; touch /app/new; id"
    image: {local_project_install_command: "id -u > /who; uv pip install . --no-deps --no-build-isolation"}
`,
		}).on(on)
		r := p.must(0, "run", "flow.yaml")
		p.wants(r, "it is mine, /usr", "(worker)")
		all, _ := p.makes()
		for step, b := range all {
			b.installs("mine==1.2")
			b.holds("who", "0\n")
			b.inOrder(`COPY --chown=worker ["source/`, "pip install . --no-deps", "owner.sh", "USER worker")
			them := owner(b, "worker", "worker")
			b.is("app/mine.py", "file 0644 "+them)
			b.lacks(`(^|/)uvx?$`, `^tmp/.`, `^root/\.`)
			if b.config.Config.User != "worker" {
				t.Errorf("step %s: the user is %q", step, b.config.Config.User)
			}
			for _, name := range b.paths("app") {
				if e, _ := b.file(name); !strings.HasSuffix(e.String(), them) {
					t.Errorf("step %s: %s is %s", step, name, e)
				}
			}
		}

		p.write("flow.yaml", flow("local", "allow_including_files_in_images: false, local_project_install_command: 'pip install .'", "true"))
		p.wants(p.must(2, "build", "flow.yaml"), "local_project_install_command")
	})
}

// TestImageIntegrations: an integration of stacks.hcl brings its Python and
// Debian packages; one that is not there is an error.
func TestImageIntegrations(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		p := newProject(t, map[string]string{
			"stacks.hcl": stacks{registry: ownRegistry(t), above: "integration \"tracking\" {\n  requirements = [\"six==1.16.0\"]\n  apt_packages = [\"tree\"]\n}\n" +
				"integration \"other\" {\n  requirements = [\"idna==3.7\"]\n}\n"}.hcl(t),
			"flow.yaml": flow("integrations", "required_integrations: [tracking, other], requirements: [toml==0.10.2]", "tree --version; python -c 'import six, idna, toml'"),
		}).on(on)
		p.wants(p.must(0, "run", "flow.yaml"), "tree v")
		all, _ := p.makes()
		b := all["only"]
		b.installs("six==1.16.0", "idna==3.7", "toml==0.10.2")
		b.ascending("apt, integrations, requirements", b.layerOf("usr/bin/tree"), b.layerOfPackage("six"), b.layerOfPackage("toml"))
		if b.layerOfPackage("six") != b.layerOfPackage("idna") {
			t.Error("the integrations are in two layers")
		}
		p.write("flow.yaml", flow("integrations", "required_integrations: [trackin]", "true"))
		p.wants(p.must(2, "build", "flow.yaml"), `no integration "trackin"`, `did you mean "tracking"`)
	})
}

// TestImageInject: what a team always wants is there once, whatever it is
// called, and never on a base image of the flow's own.
func TestImageInject(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		x := startIndex(t, "", "", "e2e_inject==1.0")
		p := newProject(t, map[string]string{
			"stacks.hcl": stacks{registry: ownRegistry(t)}.hcl(t),
			"reqs.txt":   "IDNA==3.7\n",
			"flow.yaml": `version: 1
name: inject
image: {python_version: "3.11", inject: [six, "Idna>=3", toml==0.10.2, "TOML", e2e-inject]}
steps:
  list: {run: "true", image: {requirements: [SIX==1.16.0, "idna==3.7 ; python_version > '3'", "E2E.inject @ ` + x.file("e2e_inject-1.0-py3-none-any.whl") + `"]}}
  file: {run: "true", image: {requirements: reqs.txt, inject: {remove: [E2E_Inject]}}}
  base: {run: "true", image: {base_image: "python:3.11-slim", requirements: [colorama==0.4.6]}}
`,
		}).on(on)
		all, _ := p.makes()
		all["list"].installs("six==1.16.0", "idna==3.7", "toml==0.10.2", "e2e-inject==1.0")
		all["file"].installs("six", "idna==3.7", "toml==0.10.2")
		all["base"].installs("colorama==0.4.6")
	})
}

// TestImageAptPackages: Debian packages, one of them in the version asked for,
// and nothing of how they came.
func TestImageAptPackages(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		p := newProject(t, map[string]string{
			"stacks.hcl": stacks{registry: ownRegistry(t), also: "apt_packages = [\"libgomp1\"]"}.hcl(t),
			"flow.yaml":  flow("apt", "apt_packages: [tree]", "tree --version"),
		}).on(on)
		all, _ := p.makes()
		b := all["only"]
		version := b.debian("tree")
		if version == "" || b.debian("libgomp1") == "" {
			t.Fatalf("tree has version %q, libgomp1 %q", version, b.debian("libgomp1"))
		}
		b.lacks(`^var/lib/apt/lists/.*_(In|)Release$`, `_Packages`, `\.deb$`, `^var/cache/apt/.*\.bin$`)

		p.write("flow.yaml", flow("apt", `apt_packages: ["tree=`+version+`", libgomp1], install_stack_requirements: false`, "tree --version"))
		pinned, _ := p.makes()
		if got := pinned["only"].debian("tree"); got != version {
			t.Errorf("tree has version %q, want %q", got, version)
		}
		p.write("flow.yaml", flow("apt", `apt_packages: ["tree=0.0.1-never"]`, "true"))
		p.wants(p.must(5, "build", "flow.yaml"), "Version '0.0.1-never' for 'tree' was not found")
	})
}

// TestImagePEP668: a base whose Python is the distribution's own takes packages
// all the same, and stays marked as it is.
func TestImagePEP668(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		p := newProject(t, map[string]string{
			"stacks.hcl":     stacks{registry: ownRegistry(t)}.hcl(t),
			"pyproject.toml": "[project]\nname = \"mine\"\nversion = \"1\"\n[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n[tool.setuptools]\npy-modules = [\"mine\"]\n",
			"mine.py":        "",
			"flow.yaml": `version: 1
name: managed
image: {base_image: "python:3.11-managed", requirements: [six==1.16.0]}
steps:
  uv: {run: "test -e /usr/lib/python3*/EXTERNALLY-MANAGED && python -c 'import six, toml, mine'", image: {layers: [{pip: toml==0.10.2}], local_project_install_command: "uv pip install . --no-deps --no-build-isolation"}}
  pip: {run: "test -e /usr/lib/python3*/EXTERNALLY-MANAGED && python -c 'import six, toml, mine'", image: {layers: [{pip: toml==0.10.2}], python_package_installer: pip, local_project_install_command: "pip install . --no-deps --no-build-isolation"}}
`,
		}).on(on)
		p.must(0, "run", "flow.yaml")
		all, _ := p.makes()
		for _, b := range all {
			b.installs("six==1.16.0", "toml==0.10.2", "mine==1")
			b.lacks("EXTERNALLY-MANAGED")
		}
	})
}

// TestImageDockerfile: a Dockerfile of the flow's own, with one image where
// nothing is added to it and a second one on top where something is.
func TestImageDockerfile(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		p := newProject(t, map[string]string{
			"stacks.hcl": stacks{registry: ownRegistry(t)}.hcl(t),
			"docker/Dockerfile": `ARG BASE=python:3.11-slim
FROM $BASE AS made
ARG WORD=none
RUN echo "$WORD" > /word.txt
FROM $BASE AS first
COPY --from=made /word.txt /first.txt
COPY in.txt* /got/
FROM first AS last
RUN echo last > /last.txt
`,
			"docker/in.txt":   "in docker\n",
			"in.txt":          "in root\n",
			"in.txt.ignored":  "not this\n",
			"ignore.patterns": "*.ignored\n.stack\n",
			"flow.yaml": `version: 1
name: own
image: {dockerfile: docker/Dockerfile, allow_including_files_in_images: false}
steps:
  alone: {run: cat /last.txt}
  target: {run: cat /first.txt, image: {dockerfile_build: {target: first, args: {WORD: "$${WORD} \"quoted\""}}}}
  root: {run: cat /got/in.txt, image: {build_context_root: ., dockerfile_build: {dockerignore: ignore.patterns, labels: {who: "it's me"}}}}
  user: {run: id, image: {user: "www-data"}}
  runtime: {run: "echo $LATE", image: {runtime_environment: {LATE: "late value"}}}
  settings: {run: "pwd; cat flow.yaml | head -1; python -c 'import six'", image: {allow_including_files_in_images: true, requirements: [six==1.16.0], workdir: /job, dockerfile_build: {target: first}}}
`,
		}).on(on)
		r := p.must(0, "run", "flow.yaml")
		p.wants(r, "(www-data)", "late value", `${WORD} "quoted"`, "in root", "/job", "version: 1")
		all, _ := p.makes()
		second := func(step string) bool {
			_, top, _ := strings.Cut(all[step].Dockerfile, "AS last")
			return strings.Contains(top, "\nFROM ")
		}
		for step, want := range map[string]bool{"alone": false, "target": false, "root": false, "user": true, "runtime": true, "settings": true} {
			if second(step) != want {
				t.Errorf("step %s: a second image: %v, want %v\n%s", step, !want, want, all[step].Dockerfile)
			}
		}
		all["alone"].holds("last.txt", "last\n")
		all["alone"].holds("got/in.txt", "in docker\n")
		all["alone"].holds("first.txt", "none\n")
		if len(all["alone"].layers) != 3 {
			t.Errorf("nothing is to be added, and there are %d layers above the base", len(all["alone"].layers))
		}
		all["target"].holds("first.txt", "${WORD} \"quoted\"\n")
		all["target"].lacks("last.txt")
		all["root"].holds("got/in.txt", "in root\n")
		all["root"].lacks(`\.ignored$`)
		if got := all["root"].config.Config.Labels["who"]; got != "it's me" {
			t.Errorf("the label is %q", got)
		}
		if c := all["user"].config.Config; c.User != "www-data" {
			t.Errorf("the user is %q", c.User)
		}
		if v, _ := all["runtime"].variable("LATE"); v != "late value" {
			t.Errorf("LATE is %q", v)
		}
		all["settings"].installs("six==1.16.0")
		all["settings"].lacks("last.txt")
		b := all["settings"]
		b.ascending("the Dockerfile, packages, source", b.layerOf("first.txt"), b.layerOfPackage("six"), b.layerOf("job/flow.yaml"))
	})
}
