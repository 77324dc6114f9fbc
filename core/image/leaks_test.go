package image_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
)

// What would reach an image, or a build, without being meant to.
func TestRefusedOrTold(t *testing.T) {
	for _, c := range []struct{ name, yaml, want, says string }{
		{"token as the user of a URL", "index_url: 'https://tok3n:@pypi.example/acme/'", "SEC201 error 1:12", "credentials"},
		{"password that begins with a dollar", "index_url: 'https://u:$ecretpw@pypi.example/'", "SEC201 error 1:12", "credentials"},
		{"variable of the shell", "commands: ['curl https://u:$TOKEN@x.example']", "", ""},
		{"token in a requirement", "requirements: ['six @ https://x.example/s.whl?token=ghp_" + strings.Repeat("a", 36) + "']", "SEC201 error 1:16", "GitHub"},
		{"password in a script's header", "uv_script: secret.py", "SEC201 error secret.py:1:1", "header"},
		{"copy of .stack", "copy: [{src: .stack/secrets, dst: /s}]", "STK1206 error 1:8", ".stack"},
		{"copy of .git through a link", "copy: [{src: link}]", "STK1206 error 1:8", ".git"},
		{"copy of a secret's file through a link", "build_secrets: [{name: a, file: real.tok}]\ncommands: [x]\ncopy: [{src: link.tok}]", "SEC201 error 3:8", "link.tok"},
		{"mount over a script", "build_secrets: [{name: a, mount: /tmp/.stack-python.sh}]\ncommands: [x]", "STK1206 error 1:17", "own"},
		{"variable in an option", "requirements: [six]\npython_package_installer_args: {index-url: 'https://${NOPE}@x.example/'}", "STK1306 error 2:44", "NOPE"},
		{"file in an option", "requirements: [six]\npython_package_installer_args: {config-file: uv.toml}", "STK1206 error 2:46", "config-file"},
		{"variable in find-links", "requirements: [six]\npython_package_installer_args: {find-links: 'https://${A}@x.example/'}", "STK1206 error 2:45", "find-links"},
		{"scratch", "base_image: scratch\napt_packages: [git]", "STK1209 error 1:13", "empty"},
		{"scratch with files", "base_image: scratch\ncopy: [{src: real.py}]", "", ""},
		{"options of nothing", "dockerfile: Dockerfile\nbuild: {network: none}\nallow_including_files_in_images: false", "STK3001 warning 3:34, STK3003 warning 2:8", "dockerfile_build"},
		{"contradiction in layers", "requirements: [click==8.1.7]\nlayers: [{pip: click==8.1.3}]", "STK4006 warning 2:16", "installed later"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := lay(t, map[string]string{
				".stack/secrets/a.env": "A=1", ".git/config": "x", "real.tok": "x", "real.py": "x", "Dockerfile": "FROM a\n",
				"secret.py": "# /// script\n# dependencies = []\n# [tool.uv]\n# index-url = \"https://user:hunter2@x.example/simple\"\n# ///\n",
			})
			must(t, os.Symlink(".git", filepath.Join(root, "link")))
			must(t, os.Symlink("real.tok", filepath.Join(root, "link.tok")))
			s, ranges, found := read(t, c.yaml)
			_, more := image.Compile(s, image.Options{SourceRoot: root, RangeOf: ranges})
			var got, said []string
			for _, d := range append(found, more...) {
				at := ""
				if d.Range != nil {
					at = " " + strings.TrimPrefix(d.Range.String(), "flow.yaml:")
				}
				got, said = append(got, string(d.Code)+" "+string(d.Severity)+at), append(said, d.Summary+d.Detail+d.Suggestion)
			}
			if strings.Join(got, ", ") != c.want {
				t.Errorf("%v, not %s: %v", got, c.want, said)
			}
			if !strings.Contains(strings.Join(said, "\n"), c.says) {
				t.Errorf("nothing says %q: %v", c.says, said)
			}
			if strings.Contains(strings.Join(said, "\n"), "hunter2") || strings.Contains(strings.Join(said, "\n"), "ecretpw") {
				t.Errorf("a secret is told: %v", said)
			}
		})
	}
}

// Layers and the local project install from where the image says, unless they
// say something else.
func TestLayersInheritIndexes(t *testing.T) {
	root := lay(t, map[string]string{"a.py": "x"})
	s, _, _ := read(t, "index_url: https://private.example/simple\nlocal_project_install_command: pip install .\nlayers: [{pip: click}, {pip: toml, index_url: https://own.example/simple}]")
	im, problems := image.Compile(s, image.Options{SourceRoot: root, Tree: scan(t, root)})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	text := im.Dockerfile(image.BuildKit())
	if strings.Count(text, "--index-url=https://private.example/simple") != 2 || strings.Count(text, "--index-url=https://own.example/simple") != 1 {
		t.Error(text)
	}
}

// What layers install need not be injected.
func TestInjectKnowsLayers(t *testing.T) {
	root := lay(t, map[string]string{"r.txt": "toml==0.10.1\n", "p/pyproject.toml": "[project]\nname = \"p\"\n", "p/uv.lock": uvLock})
	s, _, _ := read(t, "inject: [toml, rich, six]\nlayers: [{requirements: r.txt}, {uv_project: p}]")
	im, problems := image.Compile(s, image.Options{SourceRoot: root})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	for _, p := range im.Packages() {
		if p.Setting == "requirements" && p.Line != "six" {
			t.Errorf("%s is injected", p.Line)
		}
	}
}

// A file that another image's secret is read from is copied into none.
func TestOthersSecretsAreNotCopied(t *testing.T) {
	root := lay(t, map[string]string{"b.tok": "x"})
	must(t, os.Symlink("b.tok", filepath.Join(root, "link")))
	for _, src := range []string{"b.tok", "./b.tok", "link"} {
		_, problems := image.Compile(image.Settings{Copy: []image.Copy{{Src: src}}},
			image.Options{SourceRoot: root, SecretFiles: map[string]string{filepath.Join(root, "b.tok"): "B"}})
		if !problems.HasErrors() || problems[0].Code != diag.SecretInPlain || !strings.Contains(problems[0].Summary, "secret B") {
			t.Errorf("copy of %s: %v", src, problems)
		}
	}
}
