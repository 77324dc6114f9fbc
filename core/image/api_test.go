package image_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
)

// state is all that can be seen of an image.
func state(im image.Image) []string {
	pinned := im.Pin(digests(im.References()))
	all := append([]string{im.URI(), im.Identifier(), im.Dockerfile(image.BuildKit()), string(im.Action())}, im.Platforms()...)
	for _, s := range im.Secrets() {
		all = append(all, s.Name+s.Env+s.Mount+s.File)
	}
	for name, value := range im.Environment() {
		all = append(all, name+"="+value)
	}
	slices.Sort(all[4:])
	if err := im.Validate(); err != nil {
		all = append(all, err.Error())
	}
	if key, inputs, err := pinned.Key(); err == nil {
		all = append(all, key)
		for _, name := range slices.Sorted(func(yield func(string) bool) {
			for name := range inputs {
				if !yield(name) {
					return
				}
			}
		}) {
			all = append(all, name+inputs[name])
		}
		stages, err := pinned.Stages(image.BuildKit())
		if err != nil {
			return append(all, err.Error())
		}
		for _, s := range stages {
			all = append(all, string(s.Dockerfile))
			for _, f := range s.Files {
				all = append(all, f.Path+f.Digest)
			}
		}
	}
	return all
}

// calls is every With and Clone there is, on files below root.
func calls(root string) map[string]func(image.Image) image.Image {
	at := func(name string) string { return filepath.Join(root, name) }
	return map[string]func(image.Image) image.Image{
		"pip": func(im image.Image) image.Image { return im.WithPipPackages([]string{"a"}) },
		"pip, secrets": func(im image.Image) image.Image {
			return im.WithPipPackages([]string{"a"}, image.Install{Secrets: []image.BuildSecret{{Name: "S"}}})
		},
		"requirements": func(im image.Image) image.Image { return im.WithRequirements(at("layer.txt")) },
		"uv":           func(im image.Image) image.Image { return im.WithUVProject(at("proj"), "") },
		"apt": func(im image.Image) image.Image {
			return im.WithAptPackages([]string{"git"}, image.BuildSecret{Name: "T"})
		},
		"commands": func(im image.Image) image.Image {
			return im.WithCommands([]string{"x", "y"}, image.BuildSecret{Name: "U"})
		},
		"folder":    func(im image.Image) image.Image { return im.WithSourceFolder(at("data"), "d") },
		"file":      func(im image.Image) image.Image { return im.WithSourceFile(at("one.txt"), "") },
		"ignore":    func(im image.Image) image.Image { return im.WithDockerignore(at("skip")) },
		"variables": func(im image.Image) image.Image { return im.WithEnvVars(map[string]string{"A": "1"}) },
		"workdir":   func(im image.Image) image.Image { return im.WithWorkdir("/srv") },
		"user":      func(im image.Image) image.Image { return im.WithUser("app") },
		"platforms": func(im image.Image) image.Image { return im.Clone(image.Platform("linux/arm64", "linux/amd64")) },
		"name": func(im image.Image) image.Image {
			return im.Clone(image.Name("n"), image.Tag("t"), image.Registry("r.example"))
		},
		"python": func(im image.Image) image.Image { return im.Clone(image.PythonVersion("3.13")) },
		"pin":    func(im image.Image) image.Image { return im.Pin(digests(im.References())) },
		"wrong":  func(im image.Image) image.Image { return im.WithWorkdir("relative").WithPipPackages([]string{"a b"}) },
	}
}

func apiFiles(t *testing.T) string {
	files := every().files
	files["skip"] = "run.sh\n"
	files["Dockerfile"] = "ARG TARGETARCH\nFROM base-${TARGETARCH}\nCOPY one.txt /\n"
	return lay(t, files)
}

// starts is an image of each From, each with something on it.
func starts(root string) map[string]image.Image {
	return map[string]image.Image{
		"Debian":     image.FromDebianBase().WithSourceFolder(filepath.Join(root, "data"), "").WithEnvVars(map[string]string{"Z": "1"}).WithCommands([]string{"a", "b", "c"}),
		"base":       image.FromBase("debian:12").WithPipPackages([]string{"z"}),
		"bare base":  image.FromBase("debian:12"),
		"Dockerfile": image.FromDockerfile(filepath.Join(root, "Dockerfile")),
		"script":     image.FromUVScript(filepath.Join(root, "tool.py")),
		"nothing":    image.FromDockerfile(filepath.Join(root, "none")),
	}
}

// TestCallsGiveNewImages: no call changes the image that it is called on, nor
// another one made of it.
func TestCallsGiveNewImages(t *testing.T) {
	root := apiFiles(t)
	all := calls(root)
	for start, im := range starts(root) {
		before := state(im)
		made := map[string]image.Image{}
		was := map[string][]string{}
		for name, call := range all {
			made[name] = call(im)
			was[name] = state(made[name])
		}
		if d := cmp.Diff(before, state(im)); d != "" {
			t.Errorf("%s is another one now: %s", start, d)
		}
		for name := range all {
			for _, call := range all {
				call(made[name])
			}
		}
		for name := range all {
			if d := cmp.Diff(was[name], state(made[name])); d != "" {
				t.Errorf("%s with %s is another one now: %s", start, name, d)
			}
		}
	}
}

// TestImagesHoldNothingOfOthers: what was given to a call can change afterwards,
// and so can what an image gave.
func TestImagesHoldNothingOfOthers(t *testing.T) {
	root := apiFiles(t)
	packages, urls, value := []string{"a", "b"}, []string{"https://x.example"}, "1"
	args, vars := image.InstallerArgs{"timeout": &value}, map[string]string{"A": "1"}
	secrets, platforms := []image.BuildSecret{{Name: "S"}}, []string{"linux/arm64"}
	how := image.Install{ExtraIndexURLs: urls, Args: args, Secrets: secrets}
	im := image.FromDebianBase(image.Platform(platforms...)).WithPipPackages(packages, how).WithAptPackages(packages, secrets...).
		WithCommands(packages, secrets...).WithEnvVars(vars)
	no := false
	set := image.Settings{
		AptPackages: packages, Commands: packages, Environment: vars, ExtraIndexURLs: urls, InstallerArgs: args, BuildSecrets: secrets,
		Requirements: &image.Requirements{Items: packages}, Platform: platforms, Copy: []image.Copy{{Src: filepath.Join(root, "one.txt")}},
		Layers: []image.LayerSetting{{Run: "a", Secrets: secrets}, {Env: vars}, {Pip: packages, Secrets: secrets, Args: args}, {Apt: packages, Secrets: secrets}},
		Build:  &image.BuildOptions{Args: vars, Labels: vars, NoCache: &no, ExtraHosts: image.Hosts{"A": "10.0.0.1"}},
	}
	compiled, problems := image.Compile(set, image.Options{SourceRoot: root})
	must(t, problems.Err())
	own, problems := image.Compile(image.Settings{Dockerfile: "Dockerfile", DockerfileBuild: &image.DockerfileBuild{Args: vars, Labels: vars}}, image.Options{SourceRoot: root})
	must(t, problems.Err())
	images := []image.Image{im, compiled, own}
	var before [][]string
	for _, one := range images {
		before = append(before, state(one))
	}
	packages[0], urls[0], value, vars["A"], vars["B"], platforms[0] = "z", "https://z.example", "9", "9", "9", "linux/s390x"
	args["more"], secrets[0], set.Copy[0].Dst, set.Layers[0].Run, set.Build.ExtraHosts["A"] = nil, image.BuildSecret{Name: "Z"}, "z", "z", "10.0.0.9"
	for _, one := range images {
		one.Environment()["A"] = "9"
		one.Platforms()[0] = "linux/s390x"
		for _, s := range one.Secrets() {
			_ = s
		}
		if all := one.Secrets(); len(all) > 0 {
			all[0].Name = "Z"
		}
		stages, err := one.Pin(digests(one.References())).Stages(image.BuildKit())
		must(t, err)
		for _, s := range stages {
			for name := range s.Args {
				s.Args[name] = "9"
			}
			for name := range s.Options {
				s.Options[name] = "9"
			}
			s.Dockerfile[0] = 'X'
		}
	}
	for i, one := range images {
		if d := cmp.Diff(before[i], state(one)); d != "" {
			t.Errorf("image %d is another one now: %s", i, d)
		}
	}
}

// TestImagesAtTheSameTime is for the race detector.
func TestImagesAtTheSameTime(t *testing.T) {
	root := apiFiles(t)
	for start, im := range starts(root) {
		want := state(im)
		var wait sync.WaitGroup
		for range 4 {
			for _, call := range calls(root) {
				wait.Go(func() {
					state(call(im))
					if d := cmp.Diff(want, state(im)); d != "" {
						t.Errorf("%s: %s", start, d)
					}
				})
			}
		}
		wait.Wait()
	}
}

// TestLayersOfOneKind: what the second layer of a kind has counts as what the
// first has.
func TestLayersOfOneKind(t *testing.T) {
	root := apiFiles(t)
	im := image.FromBase("debian:12")
	var want []string
	for _, name := range []string{"A", "B", "C"} {
		secret := image.BuildSecret{Name: name}
		im = im.WithCommands([]string{"x"}, secret).WithPipPackages([]string{name}, image.Install{IndexURL: "https://" + name + ".example", Secrets: []image.BuildSecret{{Name: "P" + name}}}).
			WithAptPackages([]string{"x"}, image.BuildSecret{Name: "Q" + name}).WithSourceFolder(filepath.Join(root, "data"), name)
		want = append(want, name, "P"+name, "Q"+name)
	}
	must(t, im.Validate())
	var got []string
	for _, s := range im.Secrets() {
		got = append(got, s.Name)
	}
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if urls, _ := im.Indexes(); len(urls) != 3 || len(im.Packages()) != 3 {
		t.Errorf("indexes %q, packages %v", urls, im.Packages())
	}
	ignoring := im.WithDockerignore(filepath.Join(root, "skip"))
	stages, err := ignoring.Pin(digests(ignoring.References())).Stages(image.BuildKit())
	must(t, err)
	for _, f := range stages[0].Files {
		if strings.HasSuffix(f.Path, "run.sh") {
			t.Errorf("%s is not ignored", f.Path)
		}
	}
}

// TestPlatformOfADockerfile: it is read for the platform that the image is for,
// whenever that is said.
func TestPlatformOfADockerfile(t *testing.T) {
	file := filepath.Join(apiFiles(t), "Dockerfile")
	for name, im := range map[string]image.Image{
		"at once":    image.FromDockerfile(file, image.Platform("linux/arm64")),
		"afterwards": image.FromDockerfile(file).Clone(image.Platform("linux/arm64")),
		"on top":     image.FromDockerfile(file).WithCommands([]string{"a"}).Clone(image.Platform("linux/arm64")),
	} {
		if d := cmp.Diff([]string{"base-arm64"}, im.References()); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		must(t, im.Validate())
	}
	both := image.FromDockerfile(file).Clone(image.Platform("linux/arm64", "linux/amd64"))
	if err := both.Validate(); err == nil || !strings.Contains(err.Error(), "$TARGETARCH") {
		t.Errorf("a base that depends on the platform, of an image for two: %v", err)
	}
}

func TestValidate(t *testing.T) {
	root := apiFiles(t)
	must(t, os.WriteFile(filepath.Join(root, "Wrong"), []byte("FROM a\nRNU x\n"), 0o644))
	must(t, os.WriteFile(filepath.Join(root, "plain.py"), []byte("print(1)\n"), 0o644))
	at := func(name string) string { return filepath.Join(root, name) }
	debian := image.FromDebianBase()
	for _, c := range []struct {
		name  string
		image image.Image
		want  []diag.Code
		says  string
	}{
		{"nothing wrong", debian.WithPipPackages([]string{"a"}), nil, ""},
		{"base", image.FromBase("Not A Base"), []diag.Code{diag.BadValue}, "Not A Base"},
		{"version of Python", image.FromDebianBase(image.PythonVersion("2.7")), []diag.Code{diag.BadValue}, "2.7"},
		{"version of a base", image.FromBase("debian:12", image.PythonVersion("3.12")), []diag.Code{diag.Conflict}, "debian:12"},
		{"platform", debian.Clone(image.Platform("linux/amd46")), []diag.Code{diag.BadValue}, "amd46"},
		{"platform twice", debian.Clone(image.Platform("linux/amd64", "linux/amd64")), []diag.Code{diag.Duplicate}, "linux/amd64"},
		{"name", debian.Clone(image.Name("A B")), []diag.Code{diag.BadValue}, "A B"},
		{"tag", debian.Clone(image.Tag("a b")), []diag.Code{diag.BadValue}, "a b"},
		{"registry", debian.Clone(image.Registry("https://x")), []diag.Code{diag.BadValue}, "https://x"},
		{"wrong, then mended", debian.Clone(image.Tag("a b")).Clone(image.Tag("ab")), nil, ""},
		{"Dockerfile", image.FromDockerfile(at("none")), []diag.Code{diag.FileUnreadable}, "none"},
		{"wrong Dockerfile", image.FromDockerfile(at("Wrong")), []diag.Code{diag.BadDockerfile}, "RNU"},
		{"script", image.FromUVScript(at("none.py")), []diag.Code{diag.FileUnreadable}, "none.py"},
		{"script without header", image.FromUVScript(at("plain.py")), []diag.Code{diag.BadRequirement}, "plain.py"},
		{"requirement", debian.WithPipPackages([]string{"a", "b c"}), []diag.Code{diag.BadRequirement}, "b c"},
		{"no packages", debian.WithPipPackages(nil).WithAptPackages(nil).WithCommands(nil).WithEnvVars(nil), nil, ""},
		{"two ways to install", debian.WithPipPackages([]string{"a"}, image.Install{}, image.Install{}), []diag.Code{diag.Duplicate}, "2"},
		{"installer", debian.WithPipPackages([]string{"a"}, image.Install{Installer: "poetry"}), []diag.Code{diag.BadValue}, "poetry"},
		{"option", debian.WithPipPackages([]string{"a"}, image.Install{Args: image.InstallerArgs{"target": nil}}), []diag.Code{diag.BadValue}, "--target"},
		{"index", debian.WithPipPackages([]string{"a"}, image.Install{IndexURL: "x"}), []diag.Code{diag.BadValue}, "URL"},
		{"password in an index", debian.WithPipPackages([]string{"a"}, image.Install{IndexURL: "https://me:hunter2@x.example"}), []diag.Code{diag.SecretInPlain}, "credentials"},
		{"variable of an index", debian.WithPipPackages([]string{"a"}, image.Install{IndexURL: "https://${T}@x.example"}), []diag.Code{diag.UnsetVariable}, "T"},
		{"requirements file", debian.WithRequirements(at("none.txt")), []diag.Code{diag.FileUnreadable}, "none.txt"},
		{"uv project", debian.WithUVProject(at("none"), ""), []diag.Code{diag.FileUnreadable}, "none"},
		{"uv lock", debian.WithUVProject(at("proj"), at("none.lock")), []diag.Code{diag.FileUnreadable}, "none.lock"},
		{"apt", debian.WithAptPackages([]string{"-o x"}), []diag.Code{diag.BadValue}, "-o x"},
		{"command", debian.WithCommands([]string{"a", " "}), []diag.Code{diag.BadValue}, "empty"},
		{"secret", debian.WithCommands([]string{"a"}, image.BuildSecret{Name: "a b"}), []diag.Code{diag.BadName}, "a b"},
		{"folder", debian.WithSourceFolder(at("nowhere"), ""), []diag.Code{diag.FileUnreadable}, "nowhere"},
		{"ignore file", debian.WithSourceFolder(at("data"), "").WithDockerignore(at("nowhere")), []diag.Code{diag.FileUnreadable}, "nowhere"},
		{"variable", debian.WithEnvVars(map[string]string{"A B": "x"}), []diag.Code{diag.BadName}, "A B"},
		{"token", debian.WithEnvVars(map[string]string{"A": "ghp_" + strings.Repeat("a", 36)}), []diag.Code{diag.SecretInPlain}, "GitHub"},
		{"work directory", debian.WithWorkdir("srv"), []diag.Code{diag.BadValue}, "absolute"},
		{"user", debian.WithUser("a b"), []diag.Code{diag.BadValue}, "a b"},
		{"all at once", debian.WithWorkdir("srv").WithUser("a b").WithPipPackages([]string{"a"}).WithAptPackages([]string{"B"}), []diag.Code{diag.BadValue, diag.BadValue, diag.BadValue}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.image.Validate()
			var list diag.List
			if err != nil && !errors.As(err, &list) {
				t.Fatalf("not a list: %v", err)
			}
			var got []diag.Code
			for _, d := range list {
				got = append(got, d.Code)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("%s\n%s", d, summary(list))
			}
			if !strings.Contains(summary(list), c.says) || strings.Contains(summary(list), "hunter2") {
				t.Errorf("it says %s, want %q in it", summary(list), c.says)
			}
			state(c.image) // what is wrong can be looked at all the same
		})
	}
}
