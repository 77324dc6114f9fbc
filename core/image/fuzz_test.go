package image_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/core/source"
)

// env is the variables of a Dockerfile while it is read again.
type env map[string]string

func (e env) Get(name string) (string, bool) { v, ok := e[name]; return v, ok }

func (e env) Keys() []string { return nil }

// reread is what BuildKit makes of a Dockerfile: an entry per instruction,
// every value as it arrives.
func reread(t *testing.T, s image.Stage) []string {
	t.Helper()
	result, err := parser.Parse(strings.NewReader(string(s.Dockerfile)))
	if err != nil {
		t.Fatalf("BuildKit cannot parse it: %v\n%s", err, s.Dockerfile)
	}
	stages, globals, err := instructions.Parse(result.AST, nil)
	if err != nil || len(stages) != 1 || len(globals) != 0 {
		t.Fatalf("%d stages, %d global arguments: %v\n%s", len(stages), len(globals), err, s.Dockerfile)
	}
	lex := shell.NewLex(result.EscapeToken)
	vars := env{}
	var all []string
	word := func(w string) string {
		got, _, err := lex.ProcessWord(w, vars)
		if err != nil {
			t.Fatalf("BuildKit cannot expand %q: %v", w, err)
		}
		return got
	}
	for _, c := range stages[0].Commands {
		switch c := c.(type) {
		case *instructions.ArgCommand:
			for _, a := range c.Args {
				value, given := s.Args[a.Key]
				if !given && a.Value != nil {
					value = word(*a.Value)
				}
				vars[a.Key] = value
				if !strings.HasPrefix(a.Key, "STACK_VALUE_") {
					all = append(all, "ARG "+a.Key+" "+value)
				}
			}
		case *instructions.EnvCommand:
			for _, e := range c.Env {
				all = append(all, "ENV "+word(e.Key)+" "+word(e.Value))
			}
		case *instructions.LabelCommand:
			for _, l := range c.Labels {
				all = append(all, "LABEL "+word(l.Key)+" "+word(l.Value))
			}
		case *instructions.WorkdirCommand:
			all = append(all, "WORKDIR "+word(c.Path))
		case *instructions.UserCommand:
			all = append(all, "USER "+word(c.User))
		case *instructions.CopyCommand:
			var sources []string
			for _, p := range c.SourcePaths {
				sources = append(sources, word(p))
			}
			all = append(all, "COPY "+c.Chown+" "+strings.Join(sources, ",")+" "+word(c.DestPath))
		case *instructions.RunCommand:
			if c.PrependShell {
				t.Fatalf("a RUN in shell form: %q", c.CmdLine)
			}
			all = append(all, "RUN "+strings.Join(c.CmdLine, "\x01"))
		default:
			t.Fatalf("an instruction that nobody asked for: %v", c)
		}
	}
	return all
}

var nasty = []string{
	"", "plain", "two words", `"`, `'`, `\`, `\\`, `a\`, `a\ `, "$X", "${X}", "$$", "$", "a\nRUN echo pwned", "\n", "\r\n", "a\rb", "\t", " lead and trail ",
	"<<EOF", "cat <<EOF\nx\nEOF", "# comment", "a # b", `["a"]`, "--mount=type=bind", "é☃\u2028\u00a0", "`x`", "$(x)", "a=b=c", "\\\nRUN x", "'\"'\"'",
	"\x7f", "\u0085", "\ufeff", "%s", "&& >", strings.Repeat("x", 40000), strings.Repeat("a\\", 9000),
}

func FuzzRender(f *testing.F) {
	for i, a := range nasty {
		f.Add(a, nasty[(i+7)%len(nasty)], nasty[(i+13)%len(nasty)], "/app "+strings.ReplaceAll(a, "\n", ""), "pandas")
	}
	f.Add("a", "b", "c", "/app", "x --hash=sha256:00")
	f.Fuzz(func(t *testing.T, value, command, label, workdir, requirement string) {
		set := image.Settings{
			BaseImage:    "debian:12",
			Environment:  map[string]string{"A": value, "B": label},
			RuntimeEnv:   map[string]string{"C": value},
			Commands:     []string{command, value},
			Workdir:      workdir,
			User:         "app:staff",
			Requirements: &image.Requirements{Items: []string{requirement}},
			InstallerArgs: image.InstallerArgs{
				"option": &value,
			},
			Build: &image.BuildOptions{Args: map[string]string{"D": value}, Labels: map[string]string{"e.f": label}},
		}
		im, problems := image.Compile(set, image.Options{SourceRoot: "/nowhere", Lookup: lookup(map[string]string{"X": "\n$Y\\\""})})
		if problems.HasErrors() {
			return // refused
		}
		stages, err := im.Pin(digests(im.References())).Stages(image.BuildKit())
		must(t, err)
		got := reread(t, stages[0])
		e := im.Environment()
		script := func(name string, args ...string) string {
			return "RUN " + strings.Join(append([]string{"/bin/sh", "/tmp/.stack-" + name + ".sh"}, args...), "\x01")
		}
		run := func(c string) string {
			if len(c) > 16<<10 {
				return "RUN /bin/sh\x01-e\x01/tmp/.stack-command.sh"
			}
			return "RUN /bin/sh\x01-ec\x01" + c
		}
		want := []string{
			"USER 0", "WORKDIR " + workdir, "ARG D " + e["C"], "ENV A " + e["A"], "ENV B " + e["B"],
			script("python", "install", "uv", "/tmp/.stack-requirements/requirements.txt", "--option="+value),
			run(command), run(value), script("owner", "app:staff", workdir),
			"ENV C " + e["C"], "LABEL e.f " + label, "USER app:staff",
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s\n%s", d, stages[0].Dockerfile)
		}
		for _, file := range stages[0].Files {
			if strings.HasPrefix(file.Path, "build/command-") && !slices.Contains([]string{command, value}, string(file.Content)) {
				t.Errorf("%s is not what was written", file.Path)
			}
		}
	})
}

// Whatever a flow's image is, reading it ends in an image or in diagnostics.
func FuzzSettings(f *testing.F) {
	for _, text := range []string{
		"{}", "requirements: a.txt", "requirements: [a, '-r b']", "mode: custom\nbase_image: x", "platform: [linux/amd64, linux/arm64]",
		"build: {args: {A: b}, cache_from: x}", "environment: {A: '${B:-c}', D: 1.10}", "skip_build: true", "dockerfile: Dockerfile", "parent_image: x\nbase_image: y",
		"python_package_installer_args: {a: null, b: 1}", "user: 'a:b'\nworkdir: /x", "layers: []", "requirements: null", "build: 3", "platform: {}",
		"layers: [{pip: a, index_url: 'https://${T}@x', secrets: [T]}, {apt: [b]}, {run: c}, {env: {D: e}}, {copy: {src: data}}, {workdir: /f}, {requirements: layer.txt}, {uv_project: proj}]",
		"layers: [{pip: [a], run: b}, {}, {pip: null}, 3, {env: []}]", "copy: [{src: data, dst: x/..}, {src: one.txt}]\ndockerignore: skip", "copy: {src: data}",
		"build_secrets: [A, {name: B, env: C}, {name: D, mount: /e, file: f}]\ncommands: [x]", "uv_project: proj\nuv_lock: other/uv.lock", "uv_script: tool.py\npython_version: '3.13'",
		"required_integrations: [evidently, nope]\ninject: [kitaru, torch]", "local_project_install_command: pip install .", "replicate_local_python_environment: true",
		"pyproject_path: proj/pyproject.toml\npyproject_export_command: [a, '{directory}']", "disable_automatic_requirements_detection: false",
		"dockerfile: Dockerfile\ndockerfile_build: {args: {A: b}, target: c, labels: {d: e}, dockerignore: skip}\nbuild_context_root: data",
		"build: {network: none, extra_hosts: ['a:10.0.0.1'], shm_size: 1GiB, cache_to: type=inline}", "allow_including_files_in_images: false\nbase_image: a",
		"registry: a.b/c\ntarget_repository: d/e\nimage_tag: f\nprevent_build_reuse: true",
	} {
		f.Add(text)
	}
	root := lay(f, every().files)
	options := image.Options{SourceRoot: root, Tree: scan(f, root), Integrations: every().options.Integrations, Python: fakePython{}, StackRequirements: []string{"mlflow"}, StackAptPackages: []string{"git"},
		Scan: func(o source.Options) (*source.Tree, error) {
			if !strings.HasPrefix(o.Root, root) { // not the whole disk
				return nil, diag.List{diag.New(diag.FileUnreadable, "not here")}
			}
			return source.Scan(context.Background(), o)
		}}
	f.Fuzz(func(t *testing.T, text string) {
		tree, problems := settings.ParseYAML("flow.yaml", []byte(text), settings.Flow)
		if problems.HasErrors() || tree == nil || strings.Contains(text, "dev") || strings.Contains(text, "proc") { // devices never end
			return
		}
		pruned, problems := image.Prune(tree)
		var s image.Settings
		problems = append(problems, settings.Decode(pruned, &s)...)
		if problems.HasErrors() {
			return
		}
		im, problems := image.Compile(s, options)
		if problems.HasErrors() || im.Action() != image.ActionBuild {
			return
		}
		im = im.Pin(digests(im.References()))
		key, inputs, err := im.Key()
		must(t, err)
		if len(key) != 64 {
			t.Fatalf("key %q", key)
		}
		if d := cmp.Diff(inputs, image.InputsFromLabels(inputs.Labels())); d != "" {
			t.Fatal(d)
		}
		stages, err := im.Stages(image.BuildKit())
		must(t, err)
		reread(t, stages[len(stages)-1])
	})
}

// fakePython is a machine with two packages.
type fakePython struct{}

func (fakePython) Freeze(image.Installer) (lines, warnings []string, err error) {
	return []string{"idna==3.10"}, nil, nil
}

func (fakePython) Export(string, []string) (lines, warnings []string, err error) {
	return []string{"attrs==1"}, nil, nil
}

func (fakePython) CheckLock([]byte, []byte) error { return nil }

func (fakePython) Detect(root string) (string, diag.List) { return root + "/layer.txt", nil }

func FuzzDockerfile(f *testing.F) {
	for _, text := range []string{
		"FROM a", "ARG A=b\nFROM ${A:-c} AS d\nCOPY --from=x y z\nFROM d", "# syntax=a\nFROM scratch", "FROM a\\\n AS b", "# escape=`\nFROM a `\n AS b",
		"FROM a\nRUN --mount=type=bind,from=b,target=/c x", "FROM a\r\nRUN x\r\n", "FROM a\nRUN <<E\nFROM b\nE\n", "FROM a\nADD https://x y",
		"FROM --platform=$TARGETPLATFORM a@sha256:0123456789012345678901234567890123456789012345678901234567890123",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		root := lay(t, map[string]string{"Dockerfile": text})
		labelled(t, root, text)
		im, problems := image.Compile(image.Settings{Dockerfile: "Dockerfile"}, image.Options{SourceRoot: root})
		if problems.HasErrors() {
			return
		}
		im = im.Pin(digests(im.References()))
		stages, err := im.Stages(image.BuildKit())
		must(t, err)
		before, err := parser.Parse(strings.NewReader(text))
		must(t, err)
		after, err := parser.Parse(strings.NewReader(string(stages[0].Dockerfile)))
		if err != nil {
			t.Fatalf("pinned, it cannot be parsed: %v\n%s", err, stages[0].Dockerfile)
		}
		if len(before.AST.Children) != len(after.AST.Children) {
			t.Fatalf("%d instructions became %d:\n%s", len(before.AST.Children), len(after.AST.Children), stages[0].Dockerfile)
		}
		for i, n := range before.AST.Children {
			m := after.AST.Children[i]
			if !strings.EqualFold(n.Value, m.Value) || n.StartLine != m.StartLine {
				t.Fatalf("instruction %d was %s in line %d, is %s in line %d:\n%s", i, n.Value, n.StartLine, m.Value, m.StartLine, stages[0].Dockerfile)
			}
		}
	})
}

// labelled checks that labels are added to the last stage as they are, and
// nothing else.
func labelled(t *testing.T, root, text string) {
	t.Helper()
	const value = "a \"b\" $c `\\"
	set := image.Settings{Dockerfile: "Dockerfile", DockerfileBuild: &image.DockerfileBuild{Labels: map[string]string{"k": value, "l.m": ""}}}
	im, problems := image.Compile(set, image.Options{SourceRoot: root})
	if problems.HasErrors() {
		return
	}
	stages, err := im.Pin(digests(im.References())).Stages(image.BuildKit())
	must(t, err)
	before, err := parser.Parse(strings.NewReader(text))
	must(t, err)
	after, err := parser.Parse(strings.NewReader(string(stages[0].Dockerfile)))
	if err != nil {
		t.Fatalf("with labels, it cannot be parsed: %v\n%s", err, stages[0].Dockerfile)
	}
	n := len(before.AST.Children)
	if len(after.AST.Children) != n+2 {
		t.Fatalf("%d instructions became %d:\n%s", n, len(after.AST.Children), stages[0].Dockerfile)
	}
	parsed, err := instructions.ParseInstruction(after.AST.Children[n])
	must(t, err)
	label, ok := parsed.(*instructions.LabelCommand)
	if !ok {
		t.Fatalf("not a label: %v", parsed)
	}
	got, _, err := shell.NewLex(after.EscapeToken).ProcessWord(label.Labels[0].Value, env{})
	must(t, err)
	if label.Labels[0].Key != "k" || got != value {
		t.Fatalf("label %q is %q\n%s", label.Labels[0].Key, got, stages[0].Dockerfile)
	}
}
