//go:build e2e

package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestImageReplicateAndExport: packages that tools of this machine tell: of the
// active Python environment, of a project, of the user's own command, and of
// the nearest file that says what the source needs.
func TestImageReplicateAndExport(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		uv := realUV(t)
		project := "[project]\nname = \"proj\"\nversion = \"1\"\nrequires-python = \">=3.11\"\ndependencies = [\"idna==3.7\", \"toml ; sys_platform == 'win32'\"]\n"
		p := newProject(t, map[string]string{
			"stacks.hcl":          stacks{registry: ownRegistry(t), also: "requirements = [\"colorama==0.4.6\"]"}.hcl(t),
			"proj/pyproject.toml": project,
			"proj/extra.txt":      "iniconfig==2.0.0 \\\n    --hash=sha256:b6a85871a79d2e3b22d2d1b94ac2824226a63c6b741c88f7ae975f18b6778374\n# a remark\n",
			"flow.yaml": `version: 1
name: local
image: {base_image: "python:3.11-slim"}
steps:
  uv: {run: "true", image: {replicate_local_python_environment: true, pyproject_path: proj/pyproject.toml, requirements: [toml==0.10.2]}}
  pip: {run: "true", image: {replicate_local_python_environment: true, python_package_installer: pip}}
  command: {run: "true", image: {pyproject_path: proj/pyproject.toml, pyproject_export_command: [sh, -c, 'cd "$1" && cat extra.txt', sh, "{directory}"]}}
`,
		}).on(on)
		// The environment of the user, whose Python is not that of the image.
		venv := filepath.Join(t.TempDir(), "venv")
		uv.run(t, p.dir, "venv", "--quiet", venv)
		uv.run(t, p.dir, "pip", "install", "--quiet", "--python", filepath.Join(venv, "bin", "python"), "pip", "six==1.16.0")
		uv.run(t, p.path("proj"), "lock")
		path := filepath.Dir(string(uv)) + ":" + os.Getenv("PATH")
		p.env = append(p.env, "VIRTUAL_ENV="+venv, "PATH="+path)

		all, _ := p.makes()
		b := all["uv"]
		b.installs("six==1.16.0", "colorama==0.4.6", "idna==3.7", "toml==0.10.2")
		b.ascending("local, stack, project, own", b.layerOfPackage("six"), b.layerOfPackage("colorama"), b.layerOfPackage("idna"), b.layerOfPackage("toml"))
		b.inOrder("build/local_environment", "build/stack_requirements", "build/pyproject", "build/requirements")
		all["pip"].installs("six==1.16.0", "colorama==0.4.6")
		all["command"].installs("iniconfig==2.0.0", "colorama==0.4.6")
		for _, b := range all {
			b.lacks(`(^|/)uvx?$`, `^tmp/.`, `^root/\.`)
		}

		// What changes locally is another image, and says why.
		uv.run(t, p.dir, "pip", "install", "--quiet", "--python", filepath.Join(venv, "bin", "python"), "six==1.17.0")
		p.wants(p.must(0, "build", "flow.yaml", "--why"), "~ local_environment (six 1.16.0 → 1.17.0)")

		// The nearest file counts, requirements.txt before pyproject.toml, and only
		// where nothing else is asked for.
		p.write("flow.yaml", `version: 1
name: local
image: {base_image: "python:3.11-slim", install_stack_requirements: false, disable_automatic_requirements_detection: false}
steps:
  found: {run: "true"}
  asked: {run: "true", image: {requirements: [toml==0.10.2]}}
  off: {run: "true", image: {disable_automatic_requirements_detection: true}}
`)
		p.write("pyproject.toml", project)
		uv.run(t, p.dir, "lock")
		detected, _ := p.makes()
		detected["found"].installs("idna==3.7")
		detected["asked"].installs("toml==0.10.2")
		detected["off"].installs()
		p.write("requirements.txt", "iniconfig==2.0.0\n")
		detected, _ = p.makes()
		detected["found"].installs("iniconfig==2.0.0")

		// A tool that fails is heard.
		p.write("flow.yaml", flow("local", `pyproject_path: proj/pyproject.toml, pyproject_export_command: [sh, -c, "echo the tool says no >&2; exit 3"]`, "true"))
		if r := p.stack("build", "flow.yaml"); r.code == 0 || !strings.Contains(r.all(), "the tool says no") {
			t.Errorf("a command that fails:\n%s", r)
		}
		p.write("proj/pyproject.toml", strings.Replace(project, "idna==3.7", "idna==3.8", 1))
		p.write("flow.yaml", flow("local", `pyproject_path: proj/pyproject.toml`, "true"))
		if r := p.stack("build", "flow.yaml"); r.code == 0 || !strings.Contains(r.all(), "uv lock") {
			t.Errorf("a lock that no longer fits the project:\n%s", r)
		}
	})
}
