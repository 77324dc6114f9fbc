//go:build e2e

package e2e_test

import (
	"fmt"
	"strings"
	"testing"
)

const (
	sixWheel  = "sha256:8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254" // six-1.16.0-py2.py3-none-any.whl
	idnaWheel = "sha256:82fee1fc78add43492d3a1898bfa6d8a904cc97d8427f683ed8e798d07761aa0" // idna-3.7-py3-none-any.whl
)

// TestImageRequirements: every way to write Python requirements, with both
// installers, and what each has put into the image.
func TestImageRequirements(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		x := startIndex(t, "", "", "e2efirst==1.0", "e2efirst==2.0rc1", "e2esecond==1.0")
		p := newProject(t, map[string]string{
			"stacks.hcl":           stacks{registry: ownRegistry(t)}.hcl(t),
			"reqs/plain.txt":       "\ufeff# what we need\n\n-r deeper/more.txt\n-c limits.txt  # not newer\nSIX \\\n   >= 1.15 ; python_version >= \"3.8\"   # by its other name\n",
			"reqs/deeper/more.txt": "idna\r\ntoml ; sys_platform == 'win32'\n-r ../plain.txt\n",
			"reqs/limits.txt":      "six==1.16.0\nidna<3.8\ncertifi==2024.7.4\n",
			"reqs/hashed.txt":      "six==1.16.0 \\\n    --hash=" + sixWheel + " \\\n    --hash=sha256:" + strings.Repeat("0", 64) + "\n-r hashed2.txt\n",
			"reqs/hashed2.txt":     "idna==3.7 --hash " + idnaWheel + "\n",
			"reqs/wrong.txt":       "six==1.16.0 --hash=sha256:" + strings.Repeat("0", 64) + "\n",
			"flow.yaml": fmt.Sprintf(`version: 1
name: requirements
image: {base_image: "python:3.11-slim"}
steps:
  list:
    run: "true"
    image:
      requirements: ["SIX==1.16.0", "colorama == 0.4.6 ; python_version >= '3.8'", "toml==0.10.2; sys_platform == 'win32'", "requests[socks]==2.32.3", "idna>=3,<3.8", "urllib3==2.2.2", "certifi==2024.7.4", "charset-normalizer==3.3.2", "e2esecond @ %[2]s"]
  file: {run: "true", image: {requirements: reqs/plain.txt}}
  hashed: {run: "true", image: {requirements: reqs/hashed.txt}}
  hashed-pip: {run: "true", image: {requirements: reqs/hashed.txt, python_package_installer: pip}}
  file-pip: {run: "true", image: {requirements: reqs/plain.txt, python_package_installer: pip}}
  uv-args: {run: "true", image: {requirements: ["requests==2.32.3"], python_package_installer_args: {no-deps: null, "index-strategy": unsafe-best-match}}}
  pip-args: {run: "true", image: {requirements: ["requests==2.32.3"], python_package_installer: pip, python_package_installer_args: {"--no-deps": null, retries: 2}}}
  uv-index: {run: "true", image: {requirements: [e2efirst], index_url: "%[1]s", pre: true}}
  uv-extra: {run: "true", image: {requirements: [e2efirst, six==1.16.0], extra_index_urls: ["%[1]s"]}}
  pip-index: {run: "true", image: {requirements: [e2efirst], python_package_installer: pip, index_url: "%[1]s", pre: true, python_package_installer_args: {trusted-host: %[3]s}}}
  pip-extra: {run: "true", image: {requirements: [e2efirst, six==1.16.0], python_package_installer: pip, extra_index_urls: ["%[1]s"], python_package_installer_args: {trusted-host: %[3]s}}}
  uv-environment: {run: "true", image: {requirements: [e2esecond], environment: {PIP_INDEX_URL: "%[1]s"}}}
`, x.url(""), x.file("e2esecond-1.0-py3-none-any.whl"), x.host()),
		}).on(on)
		all, _ := p.makes()
		all["list"].installs("six==1.16.0", "colorama==0.4.6", "requests==2.32.3", "pysocks", "idna==3.7", "urllib3==2.2.2", "certifi==2024.7.4", "charset-normalizer==3.3.2", "e2esecond==1.0")
		for _, step := range []string{"file", "hashed", "file-pip", "hashed-pip"} {
			all[step].installs("six==1.16.0", "idna==3.7")
		}
		for _, step := range []string{"uv-args", "pip-args"} {
			all[step].installs("requests==2.32.3")
		}
		for _, step := range []string{"uv-index", "pip-index"} {
			all[step].installs("e2efirst==2.0rc1")
		}
		for _, step := range []string{"uv-extra", "pip-extra"} {
			all[step].installs("e2efirst==1.0", "six==1.16.0")
		}
		all["uv-environment"].installs("e2esecond==1.0")
		for _, b := range all {
			// Neither the installer, nor what it has read and kept, is left behind.
			b.lacks(`(^|/)uvx?$`, `^tmp/.`, `^root/\.`, `\.whl$`, `requirements[^/]*\.txt$`)
			b.is("app/reqs/plain.txt", "file 0644 0:0")
		}

		p.write("flow.yaml", flow("wrong", "requirements: reqs/wrong.txt", "true"))
		p.wants(p.must(5, "build", "flow.yaml"), "Hash mismatch", strings.Repeat("0", 64))
	})
}

// TestImageRequirementsOrder: what the stack needs comes before integrations,
// a project and what the flow asks for, each in a layer of its own.
func TestImageRequirementsOrder(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		uv := realUV(t)
		p := newProject(t, map[string]string{
			"stacks.hcl": stacks{
				registry: ownRegistry(t),
				above:    "integration \"tracking\" {\n  requirements = [\"colorama==0.4.6\"]\n}\n",
				also:     "requirements = [\"six==1.16.0\"]",
			}.hcl(t),
			"proj/pyproject.toml": "[project]\nname = \"proj\"\nversion = \"1\"\nrequires-python = \">=3.11\"\ndependencies = [\"idna==3.7\"]\n",
			"script.py":           "# /// script\n# dependencies = [\"iniconfig==2.0.0\"]\n# ///\n",
			"flow.yaml": flow("order", `required_integrations: [tracking], uv_project: proj, uv_script: script.py, requirements: [toml==0.10.2], environment: {A: b}, commands: ["echo $A > /made"], runtime_environment: {Z: z}`,
				"python -c 'import six, colorama, idna, iniconfig, toml'"),
		}).on(on)
		uv.run(t, p.path("proj"), "lock")
		all, _ := p.makes()
		b := all["only"]
		b.installs("six==1.16.0", "colorama==0.4.6", "idna==3.7", "iniconfig==2.0.0", "toml==0.10.2")
		b.ascending("packages, commands and source", b.layerOfPackage("six"), b.layerOfPackage("colorama"), b.layerOfPackage("idna"),
			b.layerOfPackage("iniconfig"), b.layerOfPackage("toml"), b.layerOf("made"), b.layerOf("app/flow.yaml"))
		b.inOrder("FROM ", "WORKDIR", "ENV A=", "build/stack_requirements", "build/required_integrations", "build/uv_project", "build/uv_script",
			"build/requirements", "echo $A > /made", `COPY ["source/`, "ENV Z=")
		p.must(0, "run", "flow.yaml")
	})
}
