package image_test

import (
	"path/filepath"
	"testing"

	"github.com/stackrun/stack/core/image"
)

// TestKeyOfBothForms: settings and calls that say the same have one key, which
// is the Identifier.
func TestKeyOfBothForms(t *testing.T) {
	files := every().files
	files["Dockerfile"] = "FROM debian:12\nCOPY one.txt /\n"
	for _, c := range []struct {
		name, yaml string
		image      func(at func(string) string) image.Image
	}{
		{"pip", "layers: [{pip: [a, b==1]}]", func(func(string) string) image.Image {
			return image.FromDebianBase().WithPipPackages([]string{"a", "b==1"})
		}},
		{"pip with everything", "python_package_installer: pip\nbuild_secrets: []\nlayers:\n- pip: [a]\n  index_url: 'https://${T}@x.example/simple'\n  extra_index_urls: ['https://y.example']\n  pre: true\n  args: {no-deps: null, timeout: 5}\n  secrets: [T]", func(func(string) string) image.Image {
			five := "5"
			return image.FromDebianBase().WithPipPackages([]string{"a"}, image.Install{Installer: image.Pip, IndexURL: "https://${T}@x.example/simple", ExtraIndexURLs: []string{"https://y.example"},
				Pre: true, Args: image.InstallerArgs{"no-deps": nil, "timeout": &five}, Secrets: []image.BuildSecret{{Name: "T"}}})
		}},
		{"requirements", "layers: [{requirements: layer.txt}]", func(at func(string) string) image.Image {
			return image.FromDebianBase().WithRequirements(at("layer.txt"))
		}},
		{"uv project", "layers: [{uv_project: proj}]", func(at func(string) string) image.Image {
			return image.FromDebianBase().WithUVProject(at("proj"), at("proj/uv.lock"))
		}},
		{"apt", "python_version: 3.11\nlayers: [{apt: [b, a], secrets: [T]}]", func(func(string) string) image.Image {
			return image.FromDebianBase(image.PythonVersion("3.11")).WithAptPackages([]string{"a", "b"}, image.BuildSecret{Name: "T"})
		}},
		{"commands", "base_image: debian:12\nlayers: [{run: a, secrets: [T]}, {run: 'b $c', secrets: [T]}]", func(func(string) string) image.Image {
			return image.FromBase("debian:12").WithCommands([]string{"a", "b $c"}, image.BuildSecret{Name: "T"})
		}},
		{"copies", "base_image: debian:12\nlayers: [{copy: {src: data, dst: d}}, {copy: {src: one.txt}}, {copy: {src: one.txt, dst: /e/two}}]", func(at func(string) string) image.Image {
			return image.FromBase("debian:12").WithSourceFolder(at("data"), "d").WithSourceFile(at("one.txt"), "").WithSourceFile(at("one.txt"), "/e/two")
		}},
		{"dockerignore", "base_image: debian:12\ndockerignore: skip\nlayers: [{copy: {src: data}}]", func(at func(string) string) image.Image {
			return image.FromBase("debian:12").WithSourceFolder(at("data"), "").WithDockerignore(at("skip"))
		}},
		{"dockerignore first", "base_image: debian:12\ndockerignore: skip\nlayers: [{copy: {src: data}}]", func(at func(string) string) image.Image {
			return image.FromBase("debian:12").WithDockerignore(at("skip")).WithSourceFolder(at("data"), "")
		}},
		{"variables and work directory", "base_image: debian:12\nlayers: [{env: {A: '$$x', B: ''}}, {workdir: /srv}]", func(func(string) string) image.Image {
			return image.FromBase("debian:12").WithEnvVars(map[string]string{"A": "$x", "B": ""}).WithWorkdir("/srv")
		}},
		{"user", "base_image: debian:12\nuser: app\nlayers: [{run: a}]", func(func(string) string) image.Image {
			return image.FromBase("debian:12").WithCommands([]string{"a"}).WithUser("app")
		}},
		{"platforms", "base_image: debian:12\nplatform: [linux/arm64, linux/amd64]\nlayers: [{run: a}]", func(func(string) string) image.Image {
			return image.FromBase("debian:12").WithCommands([]string{"a"}).Clone(image.Platform("linux/amd64", "linux/arm64"))
		}},
		{"script", "uv_script: tool.py", func(at func(string) string) image.Image { return image.FromUVScript(at("tool.py")) }},
		{"Dockerfile", "dockerfile: Dockerfile", func(at func(string) string) image.Image { return image.FromDockerfile(at("Dockerfile")) }},
		{"Dockerfile and more", "dockerfile: Dockerfile\nlayers: [{run: a}]", func(at func(string) string) image.Image {
			return image.FromDockerfile(at("Dockerfile")).WithCommands([]string{"a"})
		}},
		{"all of them", "layers: [{env: {A: '1'}}, {apt: [git]}, {workdir: /srv}, {pip: [a]}, {copy: {src: data, dst: d}}, {run: b}, {pip: [c]}]", func(at func(string) string) image.Image {
			return image.FromDebianBase().WithEnvVars(map[string]string{"A": "1"}).WithAptPackages([]string{"git"}).WithWorkdir("/srv").WithPipPackages([]string{"a"}).
				WithSourceFolder(at("data"), "d").WithCommands([]string{"b"}).WithPipPackages([]string{"c"})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := project{yaml: c.yaml, files: files, digests: digests, noTree: true}
			file("skip", "run.sh\n")(&p)
			want, inputs := p.key(t)
			root := lay(t, p.files)
			im := c.image(func(name string) string { return filepath.Join(root, name) })
			must(t, im.Validate())
			if len(im.References()) > 0 && im.Identifier() == want {
				t.Error("without digests it has the key that it has with them")
			}
			pinned := im.Pin(digests(im.References()))
			key, own, err := pinned.Key()
			must(t, err)
			if key != want {
				t.Errorf("the two forms differ in %q", image.Reasons(inputs, own))
			}
			if pinned.Identifier() != key {
				t.Errorf("the identifier is %s, the key %s", pinned.Identifier(), key)
			}
			named := pinned.Clone(image.Name("acme/train"), image.Tag("v1"), image.Registry("ghcr.io/"))
			if named.Identifier() != key || named.URI() != "ghcr.io/acme/train:v1" {
				t.Errorf("named, it is %s with identifier %s", named.URI(), named.Identifier())
			}
		})
	}
}
