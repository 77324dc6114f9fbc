package image_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/stackrun/stack/core/image"
)

// write lays files for an example and gives their folder.
func write(files ...string) string {
	root, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(root, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			panic(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o644); err != nil {
			panic(err)
		}
	}
	return root
}

// show prints the instructions of an image, without what they mount.
func show(im image.Image) {
	for _, line := range strings.Split(im.Dockerfile(image.Dialect{}), "\n") {
		line = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(line, "RUN "), `\`))
		if line != "" && !strings.HasPrefix(line, "--mount") {
			fmt.Println(line)
		}
	}
}

func ExampleFromDebianBase() {
	im := image.FromDebianBase(image.PythonVersion("3.13"), image.Registry("ghcr.io/acme"), image.Name("train"), image.Tag("v1"))
	fmt.Println(im.Dockerfile(image.BuildKit()) == "") // nothing is added yet
	fmt.Println(im.WithCommands([]string{"echo hello"}).URI())
	show(im.WithCommands([]string{"echo hello"}))
	// Output:
	// true
	// ghcr.io/acme/train:v1
	// FROM python:3.13-slim
	// WORKDIR /app
	// ["/bin/sh", "-ec", "echo hello"]
}

func ExampleFromBase() {
	im := image.FromBase("debian:12")
	fmt.Println(im.Action(), im.URI())
	fmt.Println(im.WithAptPackages([]string{"git"}).Action())
	// Output:
	// use debian:12
	// build
}

func ExampleFromDockerfile() {
	root := write("Dockerfile", "FROM debian:12\nCOPY data /data\n", "data/a", "")
	defer os.RemoveAll(root)
	im := image.FromDockerfile(filepath.Join(root, "Dockerfile")).WithEnvVars(map[string]string{"MODE": "fast"})
	base, _ := im.Base()
	fmt.Println(im.Validate(), base)
	stages, err := im.Pin(map[string]string{"debian:12": "sha256:" + strings.Repeat("0", 64)}).Stages(image.BuildKit())
	fmt.Println(len(stages), err)
	// Output:
	// <nil> debian:12
	// 2 <nil>
}

func ExampleFromUVScript() {
	root := write("train.py", "# /// script\n# requires-python = \">=3.13,<3.14\"\n# dependencies = [\"httpx==0.28.1\"]\n# ///\n")
	defer os.RemoveAll(root)
	im := image.FromUVScript(filepath.Join(root, "train.py"))
	fmt.Println(im.Validate())
	show(im)
	// Output:
	// <nil>
	// FROM python:3.13-slim
	// WORKDIR /app
	// # httpx==0.28.1
	// ["/bin/sh", "/tmp/.stack-python.sh", "install", "uv", "/tmp/.stack-requirements/requirements.txt"]
}

func ExampleImage_WithPipPackages() {
	show(image.FromDebianBase().WithPipPackages([]string{"torch==2.7.1"}, image.Install{
		Installer: image.Pip, ExtraIndexURLs: []string{"https://download.pytorch.org/whl/cpu"},
	}))
	// Output:
	// FROM python:3.12-slim
	// WORKDIR /app
	// # torch==2.7.1
	// ["/bin/sh", "/tmp/.stack-python.sh", "install", "pip", "/tmp/.stack-requirements/requirements.txt", "--extra-index-url=https://download.pytorch.org/whl/cpu"]
}

func ExampleImage_WithRequirements() {
	root := write("requirements.txt", "httpx==0.28.1\n")
	defer os.RemoveAll(root)
	im := image.FromDebianBase().WithRequirements(filepath.Join(root, "requirements.txt"))
	fmt.Println(im.Validate())
	fmt.Println(image.FromDebianBase().WithRequirements("none.txt").Validate())
	// Output:
	// <nil>
	// cannot read the requirements file "none.txt": no such file or directory
}

func ExampleImage_WithUVProject() {
	root := write("pyproject.toml", "[project]\nname = \"train\"\n",
		"uv.lock", "version = 1\n[[package]]\nname = \"idna\"\nversion = \"3.10\"\nsource = { registry = \"https://pypi.org/simple\" }\n")
	defer os.RemoveAll(root)
	show(image.FromDebianBase().WithUVProject(root, ""))
	// Output:
	// FROM python:3.12-slim
	// WORKDIR /app
	// # idna==3.10
	// ["/bin/sh", "/tmp/.stack-python.sh", "sync", "/tmp/.stack-project"]
}

func ExampleImage_WithAptPackages() {
	show(image.FromDebianBase().WithAptPackages([]string{"libgomp1", "git"}))
	// Output:
	// FROM python:3.12-slim
	// WORKDIR /app
	// ["/bin/sh", "/tmp/.stack-apt.sh", "git", "libgomp1"]
}

func ExampleImage_WithCommands() {
	// The token is a variable of the command, and nowhere afterwards.
	im := image.FromDebianBase().WithCommands([]string{"make data"}, image.BuildSecret{Name: "TOKEN"})
	for _, s := range im.Secrets() {
		fmt.Println(s.Name)
	}
	// Output:
	// TOKEN
}

func ExampleImage_WithSourceFolder() {
	root := write("train.py", "print(1)\n")
	defer os.RemoveAll(root)
	show(image.FromDebianBase().WithSourceFolder(root, "code"))
	// Output:
	// FROM python:3.12-slim
	// WORKDIR /app
	// COPY ["copy/", "code/"]
}

func ExampleImage_WithSourceFile() {
	root := write("train.py", "print(1)\n")
	defer os.RemoveAll(root)
	show(image.FromDebianBase().WithSourceFile(filepath.Join(root, "train.py"), "/opt/main.py"))
	// Output:
	// FROM python:3.12-slim
	// WORKDIR /app
	// COPY ["copy/", "/opt/"]
}

func ExampleImage_WithDockerignore() {
	root := write("train.py", "", "train.log", "", ".ignore", "*.log\n.ignore\n")
	defer os.RemoveAll(root)
	im := image.FromDebianBase().WithDockerignore(filepath.Join(root, ".ignore")).WithSourceFolder(root, "")
	stages, err := im.Pin(map[string]string{"python:3.12-slim": "sha256:" + strings.Repeat("0", 64)}).Stages(image.BuildKit())
	if err != nil {
		panic(err)
	}
	for _, f := range stages[0].Files {
		if strings.HasPrefix(f.Path, "copy/") {
			fmt.Println(f.Path)
		}
	}
	// Output:
	// copy/train.py
}

func ExampleImage_WithEnvVars() {
	show(image.FromDebianBase().WithEnvVars(map[string]string{"GREETING": `$HOME is "home"`}))
	// Output:
	// FROM python:3.12-slim
	// WORKDIR /app
	// ENV GREETING="\$HOME is \"home\""
}

func ExampleImage_WithWorkdir() {
	show(image.FromDebianBase().WithCommands([]string{"pwd"}).WithWorkdir("/srv").WithCommands([]string{"pwd"}))
	// Output:
	// FROM python:3.12-slim
	// WORKDIR /app
	// ["/bin/sh", "-ec", "pwd"]
	// WORKDIR /srv
	// ["/bin/sh", "-ec", "pwd"]
}

func ExampleImage_WithUser() {
	show(image.FromDebianBase().WithUser("app"))
	// Output:
	// FROM python:3.12-slim
	// USER 0
	// WORKDIR /app
	// ["/bin/sh", "/tmp/.stack-owner.sh", "app", "/app"]
	// USER app
}

func ExampleImage_Clone() {
	im := image.FromDebianBase(image.Name("train"), image.Tag("v1")).WithCommands([]string{"make"})
	arm := im.Clone(image.Platform("linux/arm64"), image.Tag("v1-arm"))
	fmt.Println(im.URI(), im.Platforms())
	fmt.Println(arm.URI(), arm.Platforms())
	fmt.Println(im.Identifier() == arm.Identifier())
	// Output:
	// train:v1 [linux/amd64]
	// train:v1-arm [linux/arm64]
	// false
}

func ExampleImage_Identifier() {
	im := image.FromDebianBase().WithCommands([]string{"make"})
	same := image.FromDebianBase(image.Name("other")).WithCommands([]string{"make"})
	fmt.Println(im.Identifier() == same.Identifier(), len(im.Identifier()))
	pinned := im.Pin(map[string]string{"python:3.12-slim": "sha256:" + strings.Repeat("0", 64)})
	key, _, err := pinned.Key()
	fmt.Println(pinned.Identifier() == key, err)
	// Output:
	// true 64
	// true <nil>
}

func ExampleImage_URI() {
	im := image.FromDebianBase(image.Registry("ghcr.io/acme"), image.Name("train")).WithCommands([]string{"make"})
	fmt.Println(im.URI() == "ghcr.io/acme/train:"+im.Identifier())
	fmt.Println(im.Clone(image.Tag("v1")).URI())
	// Output:
	// true
	// ghcr.io/acme/train:v1
}

func ExampleImage_Validate() {
	im := image.FromDebianBase().WithPipPackages([]string{"torch>=2", "two words"}).WithWorkdir("srv")
	fmt.Println(im.Validate())
	// Output:
	// "two words" is not a PEP 508 requirement: two requirements in one
	// the work directory has to be absolute, such as /app
}
