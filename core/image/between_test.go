package image_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
)

// TestScriptKeepsOrder: what a script's header adds changes neither the order of
// the settings' indexes, in which packages are looked for, nor their options.
func TestScriptKeepsOrder(t *testing.T) {
	root := lay(t, map[string]string{"s.py": "# /// script\n# dependencies = [\"a\"]\n# [tool.uv]\n# extra-index-url = [\"https://m.example\"]\n# prerelease = \"allow\"\n# index-strategy = \"first-index\"\n# ///\n"})
	im := compile(t, "uv_script: s.py\nextra_index_urls: [https://z.example, https://b.example]\npython_package_installer_args: {q: x}", image.Options{SourceRoot: root})
	const want = `"--extra-index-url=https://z.example", "--extra-index-url=https://b.example", "-q", "x", "--extra-index-url=https://m.example", "--prerelease=allow", "--index-strategy=first-index"]`
	if got := im.Dockerfile(image.BuildKit()); !strings.Contains(got, want) {
		t.Error(got)
	}
}

// TestDiagnosticsBetweenSettings is what is wrong with settings taken together,
// or with the files that they name. Lines of the description are places without
// a file; others have theirs.
func TestDiagnosticsBetweenSettings(t *testing.T) {
	for _, c := range []struct {
		name, yaml string
		want       string // code, severity and place of each
		says       string // part of the text of one of them
	}{
		{"secrets", "commands: [a]\nbuild_secrets: [A, {name: B, env: C}, {name: d.e, mount: /run/secrets/d}, {name: f, file: token}]", "", ""},
		{"secret without a name", "commands: [a]\nbuild_secrets: [{env: A}]", "STK1205 error 2:17", "name"},
		{"secret's name", "commands: [a]\nbuild_secrets: ['a b']", "STK1207 error 2:17", "a b"},
		{"secret in two places", "commands: [a]\nbuild_secrets: [{name: A, env: B, mount: /c}]", "STK1209 error 2:17", "either"},
		{"secret's variable", "commands: [a]\nbuild_secrets: [a.b]", "STK1207 error 2:17", "env or a mount"},
		{"secret's mount, relative", "commands: [a]\nbuild_secrets: [{name: A, mount: b}]", "STK1206 error 2:17", "absolute"},
		{"secret's mount, folder", "commands: [a]\nbuild_secrets: [{name: A, mount: /b/}]", "STK1206 error 2:17", "absolute"},
		{"secret's mount, option", "commands: [a]\nbuild_secrets: [{name: A, mount: '/b,mode=0777'}]", "STK1206 error 2:17", "absolute"},
		{"secret's mount, instruction", "commands: [a]\nbuild_secrets: [{name: A, mount: '/b rm -rf /'}]", "STK1206 error 2:17", "absolute"},
		{"secret twice", "commands: [a]\nbuild_secrets: [A, {name: B, env: A}]", "STK1208 error 2:20", "two secrets"},
		{"mount twice", "commands: [a]\nbuild_secrets: [{name: A, mount: /a}, {name: B, mount: /a}]", "STK1208 error 2:39", "two secrets"},
		{"secret of two values", "commands: [a]\nbuild_secrets: [A]\nlayers: [{run: b, secrets: [{name: A, file: c}]}]", "STK1209 error 3:29", "two places"},
		{"variable of a layer's secret", "build_secrets: [A]\nlayers: [{run: b, secrets: [{name: B, env: A}]}]", "STK1208 error 2:29", "build_secrets"},
		{"secret of the builder's own name", "commands: [a]\nbuild_secrets: [{name: stack-ca-bundle, mount: /a}]", "STK1207 error 2:17", "builder"},
		{"secret's file, copied", "commands: [a]\nbuild_secrets: [{name: A, file: data/a}]\ncopy: [{src: ./data/a}]", "SEC201 error 3:8", "secret A"},
		{"secret's file, copied by a layer", "layers: [{run: a, secrets: [{name: A, file: data/a}]}, {copy: {src: data/a, dst: b}}]", "SEC201 error 1:63", "secret A"},
		{"variable of ours", "environment: {STACK_VALUE_1: a, B: \"c\\nd\"}", "STK1207 error 1:30", "STACK_VALUE_"},
		{"secrets that nothing reads", "environment: {A: b}\nbuild_secrets: [A]\ninstall_stack_requirements: false", "STK3003 warning 2:16", "nothing"},
		{"secrets of an image that is there", "mode: custom\nbase_image: a\nbuild_secrets: [A]", "STK1209 error 3:16", "as it is"},
		{"Dockerfile needs a secret", "dockerfile: Needs", "SEC203 error Needs:2:1", "TOKEN"},
		{"Dockerfile can do without a secret", "dockerfile: Optional", "SEC203 warning Optional:2:1", "without"},
		{"Dockerfile's mount by its path", "dockerfile: Path\ninstall_stack_requirements: false\nbuild_secrets: [TOKEN]", "", ""},
		{"Dockerfile's mount by a variable", "dockerfile: Variable\ninstall_stack_requirements: false\nbuild_secrets: [TOKEN]", "", ""},
		{"Dockerfile's mount, wrong", "dockerfile: Mount", "STK4003 error Mount:2:1", "mount"},
		{"Dockerfile has its secret", "dockerfile: Needs\nbuild_secrets: [TOKEN]", "", ""},
		{"Dockerfile mounts no such secret", "dockerfile: Needs\nbuild_secrets: [TOKEN, OTHER]\ninstall_stack_requirements: false", "STK3003 warning 2:24", "OTHER"},

		{"variable of an index", "requirements: [a]\nindex_url: 'https://${TOKEN}@x.example'", "STK1306 error 2:12", "TOKEN"},
		{"variable of an index, set", "requirements: [a]\nindex_url: 'https://${TOKEN}@x.example'\nbuild_secrets: [TOKEN]", "", ""},
		{"variable of an index, in a file", "requirements: [a]\nextra_index_urls: ['https://${TOKEN}@x.example']\nbuild_secrets: [{name: TOKEN, mount: /a}]", "STK1306 error 2:20", "TOKEN"},
		{"variable of a layer's index", "layers: [{pip: [a], index_url: 'https://${TOKEN}@x.example'}]", "STK1306 error 1:32", "TOKEN"},
		{"variable of a layer's index, set", "layers: [{pip: [a], index_url: 'https://${TOKEN}@x.example', secrets: [TOKEN]}]", "", ""},
		{"variable of a requirement", "requirements: ['a @ https://${TOKEN}@x.example/a.whl']", "STK1306 error 1:16", "TOKEN"},
		{"variable of a requirement in a file", "requirements: needs.txt", "STK1306 error needs.txt:2:1", "TOKEN"},

		{"layer of nothing", "layers: [{}]", "STK1205 error 1:10", "one of"},
		{"layer of two", "layers: [{run: b}, {pip: [a], run: b}]", "STK1209 error 1:20", "pip and run"},
		{"unknown kind", "layers: [{pipe: [a]}]", "STK1203 error 1:11", "pip"},
		{"layer that is no map", "layers: [a]", "STK1204 error 1:10", ""},
		{"index beside apt", "layers: [{apt: [a], index_url: 'https://x.example'}]", "STK1209 error 1:32", "apt"},
		{"options beside a command", "layers: [{run: a, pre: true, args: {q: c}, extra_index_urls: ['https://x.example']}]", "STK1209 error 1:62, STK1209 error 1:24, STK1209 error 1:36", "run"},
		{"index beside a lock", "layers: [{uv_project: proj, index_url: 'https://x.example'}]", "STK1209 error 1:40", "lock"},
		{"secret beside variables", "layers: [{env: {A: b}, secrets: [C]}]", "STK1209 error 1:33", "runs nothing"},
		{"layer that installs nothing", "layers: [{pip: []}, {apt: []}]", "STK1206 error 1:10, STK1206 error 1:21", "nothing"},
		{"layer's command", "layers: [{run: ' '}]", "STK1206 error 1:16", "empty"},
		{"layer's variable", "layers: [{env: {'A B': c}}]", "STK1207 error 1:24", "A B"},
		{"layer's token", "layers: [{env: {A: AKIAABCDEFGHIJKLMNOP}}]", "SEC201 error 1:20", "AWS"},
		{"layer's work directory", "layers: [{workdir: a}]", "STK1206 error 1:20", "absolute"},
		{"layer's package", "layers: [{apt: ['a b']}]", "STK1206 error 1:17", "a b"},
		{"layer's requirement", "layers: [{pip: [a, 'b c']}]", "STK4004 error 1:20", "b c"},
		{"layer's file", "layers: [{requirements: none.txt}]", "STK0003 error 1:25", "none.txt"},
		{"layer's project", "layers: [{uv_project: none}]", "STK0003 error 1:23", "none"},
		{"layer's argument", "layers: [{pip: [a], args: {target: /x}}]", "STK1206 error 1:36", "--target"},
		{"layer's copy", "layers: [{copy: {src: none}}]", "STK0003 error 1:17", "none"},
		{"layer's copy of nothing", "layers: [{copy: {dst: a}}]", "STK1205 error 1:17", "src"},

		{"copy of nothing", "copy: [{src: data}, {dst: a}]", "STK1205 error 1:21", "src"},
		{"copy that is not there", "copy: [{src: none}]", "STK0003 error 1:8", "none"},
		{"copy to a strange place", "copy: [{src: data, dst: \"a\\nb\"}]", "STK1206 error 1:8", "control"},
		{"copy that is no list", "copy: {src: data}", "STK1204 error 1:7", "list"},

		{"lock without a project", "uv_lock: proj/uv.lock", "STK1209 error 1:10", "uv_project"},
		{"no lock", "uv_project: nolock", "STK0003 error 1:13", "uv lock"},
		{"no such lock", "uv_project: proj\nuv_lock: none.lock", "STK0003 error 2:10", "none.lock"},
		{"damaged lock", "uv_project: proj\nuv_lock: damaged.lock", "STK1206 error 2:10", "damaged.lock"},
		{"lock of something else", "uv_project: proj\nuv_lock: other.lock", "STK1206 error 2:10", "not a lock"},
		{"no project", "uv_project: none", "STK0003 error 1:13", "none"},
		{"damaged project", "uv_project: badproj", "STK1206 error 1:13", "badproj"},
		{"export command, empty", "pyproject_path: proj\npyproject_export_command: []", "STK1206 error 2:27", "empty"},
		{"export command, no program", "pyproject_path: proj\npyproject_export_command: ['']", "STK1206 error 2:28", "program"},
		{"constraints as an option", "requirements: [a]\npython_package_installer_args: {constraint: limits.txt}", "STK1206 error 2:45", "-c FILE"},
		{"unknown integration", "required_integrations: [evidntly]", "STK2004 error 1:25", `did you mean "evidently"`},
		{"integration that nothing is like", "required_integrations: [xyz]", "STK2004 error 1:25", "block integration"},
		{"integration twice", "required_integrations: [evidently, evidently]", "STK1208 error 1:36", "twice"},
		{"integration's Debian package", "required_integrations: [broken]", "STK1206 error 1:24", "A B"},
		{"inject without a name", "inject: ['https://x.example/y.zip']", "STK4004 error 1:10", "name @ URL"},
		{"project without code", "local_project_install_command: make\nallow_including_files_in_images: false\nbase_image: a", "STK1209 error 1:32, STK3001 warning 2:34", "source"},
		{"project, empty", "local_project_install_command: ' '", "STK1206 error 1:32", "empty"},

		{"script", "uv_script: none.py", "STK0003 error 1:12", "none.py"},
		{"script without header", "uv_script: plain.py", "STK4004 error 1:12", "plain.py"},
		{"script with a wrong dependency", "uv_script: wrong.py", "STK4004 error wrong.py:3:1", "two words"},
		{"script of another Python", "uv_script: old.py\npython_version: '3.13'", "STK1209 error 2:17", "requires-python"},
		{"script of no Python", "uv_script: never.py", "STK1209 error 1:12", "base image"},
		{"script with settings of uv", "uv_script: tool.py", "STK6002 error 1:12", "constraint-dependencies"},

		{"contradiction", "requirements: [evidently==2]\nrequired_integrations: [evidently]", "STK4006 error 1:16", "evidently==1"},
		{"contradiction with the stack", "requirements: [mlflow==3]", "STK4006 error 1:16", "stack_requirements"},
		{"contradiction with a lock", "requirements: [rich==13]\nuv_project: proj", "STK4006 error 1:16", "rich==14.0"},
		{"contradiction with a script", "requirements: [click==9]\nuv_script: good.py", "STK4006 error 1:16", "click==8"},
		{"contradiction with an export", "requirements: [attrs==2]\npyproject_path: proj", "STK4006 error 1:16", "attrs==1"},
		{"contradiction with this machine", "requirements: [idna==3.9]\nreplicate_local_python_environment: true", "STK4006 warning 1:16", "installed later"},
		{"no contradiction", "requirements: [evidently>=1, 'mlflow<4']\nrequired_integrations: [evidently]", "", ""},

		{"network", "build: {network: bridge}", "STK1206 error 1:18", "bridge"},
		{"host's address", "build: {extra_hosts: {a: b}}", "STK1206 error 1:26", "IP"},
		{"host's name", "dockerfile: Plain\ndockerfile_build: {extra_hosts: {'a b': 10.0.0.1}}", "STK1207 error 2:41", "a b"},
		{"host, no address", "build: {extra_hosts: [a]}", "STK1206 error 1:23", "name:address"},
		{"cache without a name", "build: {cache_from: ['']}", "STK1206 error 1:22", "cache"},
		{"memory", "build: {shm_size: much}", "STK1206 error 1:19", ""},
		{"custom with all of it", "mode: custom\nbase_image: a\nlayers: [{run: a}]\ncopy: [{src: data}]\nuv_project: proj\ninject: [a]", "STK1209 error 5:13, STK1209 error 6:9, STK1209 error 4:7, STK1209 error 3:9", "layers"},
		{"ignore file", "dockerignore: none\ncopy: [{src: data}]", "STK0003 error 1:15", "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{
				"data/a": "", "plain.py": "print(1)\n", "wrong.py": "# /// script\n# dependencies = [\n#   \"two words\",\n# ]\n# ///\n",
				"old.py": "# /// script\n# requires-python = \"<3.13\"\n# ///\n", "never.py": "# /// script\n# requires-python = \"<3\"\n# ///\n",
				"good.py": "# /// script\n# dependencies = [\"click==8\"]\n# ///\n", "tool.py": "# /// script\n# dependencies = []\n# [tool.uv]\n# constraint-dependencies = [\"numpy<3\"]\n# ///\n",
				"proj/pyproject.toml": "[project]\nname = \"p\"\n", "proj/uv.lock": uvLock, "nolock/pyproject.toml": "[project]\nname = \"p\"\n", "damaged.lock": "version = \n", "other.lock": "a = 1\n",
				"badproj/pyproject.toml": "[tool.uv.workspace]\nmembers = 1\n", "badproj/uv.lock": uvLock, "needs.txt": "b\na @ https://${TOKEN}@x.example/a.whl\n",
				"Needs": "FROM a\nRUN --mount=type=secret,id=TOKEN,required=true x\n", "Optional": "FROM a\nRUN --mount=type=secret,id=TOKEN x\n", "Plain": "FROM a\n",
				"Path": "FROM a\nRUN --mount=type=secret,target=/run/secrets/TOKEN,required=true x\n", "Variable": "FROM a\nARG N\nRUN --mount=type=secret,id=$N x\n", "Mount": "FROM a\nRUN --mount=type=secrte,id=A x\n",
			}
			found := problems(t, c.yaml, files, image.Options{
				Python: fakePython{}, StackRequirements: []string{"mlflow==2"}, StackRequirementRanges: []diag.Range{{File: "stacks.hcl", Line: 3, Column: 5}},
				Integrations: map[string]image.Integration{"evidently": {Requirements: []string{"evidently==1"}}, "broken": {AptPackages: []string{"A B"}}},
			})
			var got, said []string
			for _, d := range found {
				at := ""
				if d.Range != nil {
					at = " " + strings.TrimPrefix(d.Range.String(), "flow.yaml:")
				}
				got = append(got, string(d.Code)+" "+string(d.Severity)+at)
				said = append(said, d.Summary+" | "+d.Detail+" | "+d.Suggestion)
			}
			t.Logf("%s\n%s", strings.Join(got, ", "), strings.Join(said, "\n"))
			if d := cmp.Diff(c.want, strings.Join(got, ", ")); d != "" {
				t.Errorf("%s\n%s", d, strings.Join(said, "\n"))
			}
			if !strings.Contains(strings.Join(said, "\n"), c.says) {
				t.Errorf("nothing says %q:\n%s", c.says, strings.Join(said, "\n"))
			}
		})
	}
}
