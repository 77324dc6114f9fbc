//go:build e2e

package e2e_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestImageCopy: files and folders beside the source, wherever they are to go
// and however they are called.
func TestImageCopy(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		odd := []string{"a b.txt", `it's "q".txt`, "$HOME.txt", "${PATH}.txt", "ünï✓.txt", "-dash.txt", "[x]*?.txt", "#hash.txt", `back\slash.txt`, "a,b=c.txt", " lead and trail ", "new.dockerignore"}
		p := newProject(t, map[string]string{
			"stacks.hcl":           stacks{registry: ownRegistry(t)}.hcl(t),
			"one.txt":              "one\n",
			"tool.sh":              "#!/bin/sh\necho tool\n",
			"folder/deep/two.txt":  "two\n",
			"folder/run.sh":        "#!/bin/sh\necho run\n",
			"folder/ignored.tmp":   "no\n",
			"folder/.dockerignore": "*.tmp\n",
			// What is copied needs not be source.
			".dockerignore": "folder\nodd\none.txt\n",
		}).on(on)
		for _, name := range odd {
			p.write("odd/"+name, "odd "+name+"\n")
		}
		for _, f := range []string{"tool.sh", "folder/run.sh"} {
			if err := os.Chmod(p.path(f), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		for link, target := range map[string]string{"folder/link.txt": "deep/two.txt", "folder/deep/up": "..", "folder/inside": "deep"} {
			if err := os.Symlink(target, p.path(link)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Mkdir(p.path("folder/empty"), 0o755); err != nil {
			t.Fatal(err)
		}
		copies := []map[string]string{
			{"src": "one.txt"}, {"src": "one.txt", "dst": "sub/"}, {"src": "one.txt", "dst": "sub/renamed.txt"}, {"src": "one.txt", "dst": "/srv/a b/"},
			{"src": "one.txt", "dst": "/srv/$x/[y] \"z\".txt"}, {"src": "one.txt", "dst": "."}, {"src": "tool.sh", "dst": "/usr/local/bin/tool"},
			{"src": "folder", "dst": "/srv/folder"}, {"src": "folder", "dst": "kept/"}, {"src": "odd", "dst": "/srv/-odd [dir] 'é'"},
		}
		for _, name := range odd {
			copies = append(copies, map[string]string{"src": "odd/" + name, "dst": "/srv/alone/"})
		}
		setting, err := json.Marshal(copies)
		if err != nil {
			t.Fatal(err)
		}
		p.write("flow.yaml", flow("copy", "workdir: '/work dir', commands: ['test -x /usr/local/bin/tool'], copy: "+string(setting), "cat kept/link.txt one.txt; tool; kept/run.sh"))
		p.wants(p.must(0, "run", "flow.yaml"), "two", "one", "tool", "run")

		all, _ := p.makes()
		b := all["only"]
		for _, path := range []string{"work dir/one.txt", "work dir/sub/one.txt", "work dir/sub/renamed.txt", "srv/a b/one.txt", `srv/$x/[y] "z".txt`} {
			b.is(path, "file 0644 0:0")
			b.holds(path, "one\n")
		}
		b.is("usr/local/bin/tool", "file 0755 0:0")
		for _, folder := range []string{"srv/folder", "work dir/kept"} {
			b.is(folder, "folder 0755 0:0")
			b.is(folder+"/empty", "folder 0755 0:0")
			b.is(folder+"/run.sh", "file 0755 0:0")
			b.is(folder+"/deep/two.txt", "file 0644 0:0")
			b.is(folder+"/link.txt", "link to deep/two.txt")
			b.is(folder+"/deep/up", "link to ..")
			b.is(folder+"/inside", "link to deep")
		}
		for _, name := range odd {
			b.holds("srv/-odd [dir] 'é'/"+name, "odd "+name+"\n")
			b.holds("srv/alone/"+name, "odd "+name+"\n")
		}
		b.lacks(`\.tmp$`, `^work dir/folder`, `^work dir/odd`)

		p.write("flow.yaml", flow("copy", "copy: [{src: absent.txt}]", "true"))
		p.wants(p.must(2, "build", "flow.yaml"), `"absent.txt"`, "flow.yaml:3")
	})
}

// TestImageLayers: the order is kept as it is written, and each layer sees what
// those before it have done.
func TestImageLayers(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		p := newProject(t, map[string]string{
			"stacks.hcl":  stacks{registry: ownRegistry(t)}.hcl(t),
			"one.txt":     "one\n",
			"reqs/in.txt": "idna==3.7\n",
			"flow.yaml": `version: 1
name: layers
image:
  base_image: python:3.11-slim
  requirements: [toml==0.10.2]
  commands: ["python -c 'import toml' && echo $FIRST > /commands"]
  environment: {FIRST: "0"}
  runtime_environment: {FIRST: "3"}
  layers:
    - env: {FIRST: "1", SECOND: "a b"}
    - workdir: /srv/one
    - run: echo "$FIRST" > first.txt; test -e /commands; ! command -v tree
    - apt: tree
    - run: |
        tree --version > tree.txt
        ! python -c 'import six' 2>/dev/null
    - pip: six==1.16.0
    - run: python -c 'import six; print(six.__version__)' > six.txt
    - copy: {src: one.txt, dst: in/}
    - run: cat in/one.txt > copied.txt; rm in/one.txt
    - env: {FIRST: "2"}
    - run: echo "$FIRST $SECOND" > second.txt
    - requirements: reqs/in.txt
    - workdir: /srv/two
    - run: pwd > where.txt; python -c 'import idna'
    - pip: [six==1.17.0]
      args: {no-deps: null}
    - run: false || echo "$(python -c 'import six; print(six.__version__)')" > six.txt
steps:
  only: {run: 'pwd; cat where.txt; echo "first is $FIRST"; ls -a /srv/one/in; python -c "import six; print(six.__version__)"'}
`,
		}).on(on)
		p.wants(p.must(0, "run", "flow.yaml"), "/srv/two", "first is 3", "1.17.0")
		all, _ := p.makes()
		b := all["only"]
		for path, want := range map[string]string{"commands": "0\n", "srv/one/first.txt": "1\n", "srv/one/six.txt": "1.16.0\n", "srv/one/copied.txt": "one\n",
			"srv/one/second.txt": "2 a b\n", "srv/two/where.txt": "/srv/two\n", "srv/two/six.txt": "1.17.0\n"} {
			b.holds(path, want)
		}
		if _, there := b.file("srv/one/in/one.txt"); there {
			t.Error("what a layer removes is still there")
		}
		b.ascending("layers", b.layerOfPackage("toml"), b.layerOf("commands"), b.layerOf("srv/one/first.txt"), b.layerOf("usr/bin/tree"), b.layerOf("srv/one/tree.txt"),
			b.layerOfPackage("six"), b.layerOf("srv/one/six.txt"), b.layerOf("srv/one/in/one.txt"), b.layerOf("srv/one/copied.txt"), b.layerOf("srv/one/second.txt"),
			b.layerOfPackage("idna"), b.layerOf("srv/two/where.txt"), b.layerOf("srv/two/six.txt"), b.layerOf("srv/two/flow.yaml"))
		if c := b.config.Config; c.WorkingDir != "/srv/two" {
			t.Errorf("the work directory is %q", c.WorkingDir)
		}
		if v, _ := b.variable("FIRST"); v != "3" {
			t.Errorf("FIRST is %q in the end", v)
		}

		// The same layers in another order are another image.
		text := p.read("flow.yaml")
		p.write("flow.yaml", strings.Replace(strings.Replace(text, "    - env: {FIRST: \"2\"}\n", "", 1), "    - copy:", "    - env: {FIRST: \"2\"}\n    - copy:", 1))
		swapped := shownImages(t, p.must(0, "plan", "flow.yaml", "-o", "json"))[0]
		if swapped.Key == b.Key || swapped.Action != "build" {
			t.Errorf("with the layers in another order the plan says %+v", swapped.planImage)
		}
		p.write("flow.yaml", strings.Replace(text, "run: false ||", "run: false;", 1))
		p.wants(p.must(5, "build", "flow.yaml"), "false;")
	})
}

// TestImageUser: whoever a flow names runs the steps and owns the work
// directory and the source, made where the base lacks them.
func TestImageUser(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		p := newProject(t, map[string]string{
			"stacks.hcl":     stacks{registry: ownRegistry(t)}.hcl(t),
			"sub/program.sh": "#!/bin/sh\nid\n",
			"flow.yaml": `version: 1
name: user
image: {base_image: "python:3.11-slim", requirements: [six==1.16.0]}
steps:
  nobody-said: {run: "id; pwd; touch mine sub/mine"}
  named: {run: "id; pwd; touch mine sub/mine ~/mine", image: {user: worker, commands: ["touch /root/build; id -u > /who"]}}
  number: {run: "id; touch mine sub/mine", image: {user: "1234"}}
  both: {run: "id; touch mine sub/mine", image: {user: "1234:2345", workdir: /srv/job}}
  existing: {run: "id; touch mine sub/mine", image: {user: "games:www-data"}}
  new-group: {run: "id; touch mine sub/mine", image: {user: "worker:team"}}
`,
		}).on(on)
		if err := os.Chmod(p.path("sub/program.sh"), 0o755); err != nil {
			t.Fatal(err)
		}
		r := p.must(0, "run", "flow.yaml")
		p.wants(r, "uid=0(root)", "(worker)", "uid=1234 gid=0(root)", "uid=1234 gid=2345", "uid=5(games) gid=33(www-data)", "(team)")
		all, _ := p.makes()
		for step, want := range map[string]struct{ user, workdir, owner string }{
			"nobody-said": {"", "app", "0:0"},
			"named":       {"worker", "app", owner(all["named"], "worker", "worker")},
			"number":      {"1234", "app", "1234:1234"},
			"both":        {"1234:2345", "srv/job", "1234:2345"},
			"existing":    {"games:www-data", "app", "5:33"},
			"new-group":   {"worker:team", "app", owner(all["new-group"], "worker", "team")},
		} {
			b := all[step]
			if got := b.config.Config.User; got != want.user && got != want.owner {
				t.Errorf("step %s: the user is %q, want %q", step, got, want.user)
			}
			b.is(want.workdir, "folder 0755 "+want.owner)
			b.is(want.workdir+"/sub", "folder 0755 "+want.owner)
			b.is(want.workdir+"/sub/program.sh", "file 0755 "+want.owner)
			b.is(want.workdir+"/flow.yaml", "file 0644 "+want.owner)
		}
		// What builds the image is root, whoever runs the steps.
		all["named"].holds("who", "0\n")
		all["named"].is("root/build", "file 0644 0:0")
	})
}

// owner is a user and group of an image, as numbers.
func owner(b *built, user, group string) string {
	number := func(file, name string) string {
		e, _ := b.file(file)
		for _, line := range strings.Split(string(e.content), "\n") {
			if fields := strings.Split(line, ":"); len(fields) > 2 && fields[0] == name {
				return fields[2]
			}
		}
		return "no " + name + " in " + file
	}
	return number("etc/passwd", user) + ":" + number("etc/group", group)
}

// TestImageEnvironment: values arrive as they are, whatever is in them.
func TestImageEnvironment(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		values := map[string]string{
			"SPACES": "  a  b ", "QUOTES": `it's "quoted" and 'so'`, "DOLLARS": "$HOME $(id) `id` $", "SLASHES": `C:\new\table\`,
			"NEWLINE": "one\ntwo\n\n", "INSTRUCTION": "x\nRUN touch /pwned\nENV A=b", "UNICODE": "ünï ✓ 日本 \U0001f600", "TAB": "a\tb\rc", "HASH": "# no comment",
			"EMPTY": "", "NUMBER": "1.10", "EQUALS": "a=b=c", "JSON": `{"a": ["b", "c"]}`, "LARGE": strings.Repeat("0123456789abcde\n", 1280), "LONG": strings.Repeat("x", 20480),
			"HEREDOC": "<<EOF\nx\nEOF", "ESCAPE": `\$HOME \\ \"`, "MARK": "\ufeffmark",
		}
		written := map[string]string{}
		for name, value := range values {
			written[name] = strings.ReplaceAll(value, "$", "$$") // in these settings $$ is a dollar
		}
		during, err := json.Marshal(written)
		if err != nil {
			t.Fatal(err)
		}
		later := map[string]string{}
		for name, value := range written {
			later["RUNTIME_"+name] = value
		}
		after, err := json.Marshal(later)
		if err != nil {
			t.Fatal(err)
		}
		p := newProject(t, map[string]string{
			"stacks.hcl": stacks{registry: ownRegistry(t)}.hcl(t),
			"show.py":    "import hashlib, json, os\nprint('ENV ' + json.dumps({k: hashlib.sha256(v.encode()).hexdigest() for k, v in os.environ.items()}))\n",
			"flow.yaml": flow("environment", fmt.Sprintf(`commands: ["python -c 'import json, os; json.dump(dict(os.environ), open(\"/during.json\", \"w\"))'"], environment: %s, runtime_environment: %s`, during, after),
				"python show.py"),
		}).on(on)
		r := p.must(0, "run", "flow.yaml")
		_, line, _ := strings.Cut(r.all(), "ENV ")
		line, _, _ = strings.Cut(line, "\n")
		var running map[string]string // digests: a line of output may be cut in two
		if err := json.Unmarshal([]byte(line), &running); err != nil {
			t.Fatalf("%v\n%s", err, r)
		}
		all, _ := p.makes()
		b := all["only"]
		e, _ := b.file("during.json")
		var building map[string]string
		if err := json.Unmarshal(e.content, &building); err != nil {
			t.Fatalf("%v: %s", err, e.content)
		}
		for name, want := range values {
			if building[name] != want {
				t.Errorf("%s while building is %.80q, want %.80q", name, building[name], want)
			}
			sum := fmt.Sprintf("%x", sha256.Sum256([]byte(want)))
			if running[name] != sum || running["RUNTIME_"+name] != sum {
				t.Errorf("%s has not arrived in the step as %.80q", name, want)
			}
			for _, name := range []string{name, "RUNTIME_" + name} {
				if got, ok := b.variable(name); !ok || got != want {
					t.Errorf("%s in the image is %.80q, want %.80q", name, got, want)
				}
			}
			if _, there := building["RUNTIME_"+name]; there {
				t.Errorf("RUNTIME_%s is there while building", name)
			}
		}
		b.lacks("pwned")
	})
}

// TestImageReadsNoFurther: what a setting names may not be a device or a pipe.
func TestImageReadsNoFurther(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]string{
		"stacks.hcl": stacks{}.hcl(t),
		"flow.yaml":  flow("odd", "copy: [{src: "+filepath.ToSlash("/dev/null")+"}]", "true"),
	})
	p.wants(p.must(2, "validate", "flow.yaml", "--stack", "docker"), "neither a file nor a folder")
}
