package docs_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/cli"
	"github.com/stackrun/stack/core/compute"
	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/migration"
	"github.com/stackrun/stack/core/settings"
)

// stack runs a command line in a folder, and gives its output.
func stack(t *testing.T, dir string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, err bytes.Buffer
	status = cli.Main(t.Context(), cli.Program{
		Args: args, Dir: dir, Environ: []string{"HOME=" + dir}, Version: "test", Executable: filepath.Join(dir, "stack"),
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &err, Now: time.Now,
	})
	return out.String(), err.String(), status
}

// TestImportExamples runs the commands of the pages on the files that the pages
// show: what is written and said is what the pages say.
func TestImportExamples(t *testing.T) {
	for name, language := range map[string]string{"docs/from-zenml.md": "yaml", "docs/from-kitaru.md": "toml"} {
		t.Run(name, func(t *testing.T) {
			p := read(t, name)
			var config, command, written, report string
			for _, b := range p.blocks(t) {
				switch {
				case b.language == language && config == "":
					config = b.text
				case strings.HasPrefix(b.text, "$ stack import "):
					command = b.text
				case strings.HasPrefix(b.text, "# Written by "):
					written = b.text
				case strings.HasPrefix(b.text, "Carried over:"):
					report = b.text
				}
			}
			words := strings.Fields(strings.TrimPrefix(command, "$ stack "))
			if len(words) < 3 || config == "" || written == "" || report == "" {
				t.Fatalf("the example is not whole: %q", words)
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, words[2]), []byte(config), 0o644); err != nil {
				t.Fatal(err)
			}
			stdout, stderr, status := stack(t, dir, words...)
			if status != 0 {
				t.Fatalf("status %d: %s", status, stderr)
			}
			if diff := cmp.Diff(strings.TrimSpace(report), strings.TrimSpace(stdout)); diff != "" {
				t.Errorf("the report (-page +command):\n%s", diff)
			}
			got, err := os.ReadFile(filepath.Join(dir, "flow.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(written, string(got)); diff != "" {
				t.Errorf("the flow (-page +command):\n%s", diff)
			}
			validate(t, written)
		})
	}
}

// validate resolves the settings of a flow, step by step, as a run does.
func validate(t *testing.T, text string) []image.Settings {
	t.Helper()
	parsed, list := flow.Parse("flow.yaml", []byte(text))
	if list.HasErrors() {
		t.Fatal(shown(list, text))
	}
	graph, list := flow.Expand(parsed, nil)
	if list.HasErrors() {
		t.Fatal(shown(list, text))
	}
	var out []image.Settings
	types := settings.NewTypes()
	for _, n := range graph.Steps {
		merged, list := types.Merge(reflect.TypeFor[flow.Settings](), n.Settings, n.FlowSettings)
		tree, problems := image.Prune(merged.Get("image"))
		list = append(list, problems...)
		var s image.Settings
		list = append(list, types.Decode(tree, &s)...)
		if list = append(list, s.Check(nil)...); list.HasErrors() {
			t.Errorf("step %s: %v", n.Name, shown(list, text))
		}
		out = append(out, s)
	}
	return out
}

// TestFlyteExample: the flow that stands for Flyte's image has its layers, in
// its order, and the Go program beside it runs.
func TestFlyteExample(t *testing.T) {
	p := read(t, "docs/from-flyte.md")
	var python, yaml, program string
	for _, b := range p.blocks(t) {
		switch {
		case b.language == "python" && python == "":
			python = b.text
		case b.language == "yaml" && yaml == "":
			yaml = b.text
		case b.language == "go":
			program = b.text
		}
	}
	kinds := map[string]string{"apt_packages": "apt", "pip_packages": "pip", "env_vars": "env", "commands": "run", "workdir": "workdir", "source_folder": "copy"}
	var want []string
	for _, m := range regexp.MustCompile(`\.with_(\w+)\(`).FindAllStringSubmatch(python, -1) {
		want = append(want, kinds[m[1]])
	}
	var got []string
	for _, l := range validate(t, yaml)[0].Layers {
		for kind, is := range map[string]bool{"apt": l.Apt != nil, "pip": l.Pip != nil, "env": l.Env != nil, "run": l.Run != "", "workdir": l.Workdir != "", "copy": l.Copy != nil} {
			if is && (len(got) == 0 || got[len(got)-1] != kind) { // a list of commands is several layers
				got = append(got, kind)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 5 {
		t.Errorf("layers (-Flyte's calls +the flow's):\n%s", diff)
	}
	source := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(source, []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), build(t, source)).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "FROM python:3.12-slim") || !strings.HasSuffix(strings.TrimSpace(string(out)), "<nil>") {
		t.Errorf("the program: %v\n%s", err, out)
	}
}

// zenmlDocker is the fields of DockerSettings in config/docker_settings.py of
// ZenML 0.98.0, the deprecated ones last.
const zenmlDocker = `parent_image image_tag dockerfile build_context_root parent_image_build_config skip_build prevent_build_reuse
	target_repository python_package_installer python_package_installer_cache_mount python_package_installer_args
	disable_automatic_requirements_detection replicate_local_python_environment pyproject_path pyproject_export_command
	requirements required_integrations install_stack_requirements install_deployment_requirements
	local_project_install_command apt_packages environment runtime_environment user build_config
	allow_including_files_in_images allow_download_from_code_repository allow_download_from_artifact_store
	build_options dockerignore copy_files copy_global_config source_files required_hub_plugins`

// kitaruImage is the fields of ImageSettings in kitaru/_config/_core.py of
// Kitaru 0.20.2.
const kitaruImage = `base_image requirements dockerfile build_context_root environment secret_environment_from apt_packages
	replicate_local_python_environment image_tag target_repository user platform`

// TestFieldsOfOthers: the pages, and the importer, know every field.
func TestFieldsOfOthers(t *testing.T) {
	zenml, kitaru := read(t, "docs/from-zenml.md"), read(t, "docs/from-kitaru.md")
	docker, _, _ := strings.Cut(zenml.section(t, "## Docker settings"), "\n### ")
	same(t, "the Docker settings of docs/from-zenml.md", strings.Fields(zenmlDocker), firstCells(docker))
	same(t, "the Docker settings that the importer knows", strings.Fields(zenmlDocker), migration.DockerFields())
	same(t, "the image settings of docs/from-kitaru.md", strings.Fields(kitaruImage), firstCells(kitaru.section(t, "## Image settings")))
	same(t, "the image settings that the importer knows", strings.Fields(kitaruImage), migration.KitaruImageFields())

	resources, _, _ := strings.Cut(zenml.section(t, "## Resources"), "Of what ")
	same(t, "the resources of docs/from-zenml.md", migration.ResourceFields(), firstCells(resources))
	same(t, "the run configuration of docs/from-zenml.md", append(migration.PipelineFields(), migration.StepFields()...), firstCells(zenml.section(t, "## The run configuration")))
	for _, name := range migration.KitaruFields() {
		if !slices.Contains(firstCells(kitaru.section(t, "## Other settings")), name) {
			t.Errorf("docs/from-kitaru.md lacks %s", name)
		}
	}
}

// TestNamesHere: what the pages say that something is called here, is.
func TestNamesHere(t *testing.T) {
	known := map[string]bool{}
	for _, s := range []reflect.Type{
		reflect.TypeFor[image.Settings](), reflect.TypeFor[image.BuildOptions](), reflect.TypeFor[image.DockerfileBuild](), reflect.TypeFor[image.LayerSetting](),
		reflect.TypeFor[image.Copy](), reflect.TypeFor[image.BuildSecret](), reflect.TypeFor[compute.Settings](), reflect.TypeFor[flow.Settings](), reflect.TypeFor[flow.Retry](),
	} {
		for _, key := range keys(s, isBuilt) {
			known[key] = true
		}
		for _, key := range keys(s, isNotBuilt) {
			known[key] = false
		}
	}
	// A name in code alone, with a value behind it or not.
	name := regexp.MustCompile(`^(?:image\.|resources\.|build\.|dockerfile_build\.)?([a-z]+(?:_[a-z]+)+)(?::.*)?$`)
	others := []string{"default_stack", "code_repository", "secret_store", "image_builder", "container_registry", "max_parallel", "ca_bundle", "artifact_store"}
	checked := 0
	for _, page := range []string{"docs/from-zenml.md", "docs/from-kitaru.md", "docs/from-flyte.md", "docs/from-kinetic.md"} {
		for i, line := range strings.Split(read(t, page).prose(), "\n") {
			cells := strings.Split(line, "|")
			if len(cells) < 4 {
				continue
			}
			for _, m := range inCode.FindAllStringSubmatch(cells[2], -1) {
				found := name.FindStringSubmatch(m[1])
				if found == nil || slices.Contains(others, found[1]) {
					continue
				}
				checked++
				built, ok := known[found[1]]
				if !ok {
					t.Errorf("%s:%d: there is no setting %q", page, i+1, found[1])
				}
				if ok && !built && !strings.Contains(line, "not available in this version") {
					t.Errorf("%s:%d: %s is not available in this version, and the line does not say so", page, i+1, found[1])
				}
			}
		}
	}
	if checked < 60 {
		t.Errorf("only %d names were looked at", checked)
	}
}

// TestNotAvailable: what the importer writes as a comment is really refused.
func TestNotAvailable(t *testing.T) {
	for _, setting := range []string{"image: {secret_environment_from: [a]}", "schedule: x"} {
		_, list := flow.Parse("flow.yaml", []byte("version: 1\nname: a\n"+setting+"\nsteps: {a: {run: x}}\n"))
		if !list.HasErrors() || list[0].Code != "STK0006" {
			t.Errorf("%s is read now: have the importer write it, and the pages say so: %v", setting, list)
		}
	}
}

// TestKineticAccelerators: Kinetic's spellings mean what the page says.
func TestKineticAccelerators(t *testing.T) {
	section := read(t, "docs/from-kinetic.md").section(t, "## Accelerators")
	same, errors, _ := strings.Cut(section, "These are errors")
	rows := 0
	for _, line := range strings.Split(same, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 4 || !strings.Contains(line, "`") {
			continue
		}
		means := inCode.FindStringSubmatch(cells[2])[1]
		for _, m := range inCode.FindAllStringSubmatch(cells[1], -1) {
			rows++
			if a, err := compute.ParseAccelerator(m[1]); err != nil || a.String() != means {
				t.Errorf("%s is %s (%v), and the page says %s", m[1], a, err, means)
			}
		}
	}
	if rows < 8 {
		t.Errorf("only %d spellings were tried", rows)
	}
	for _, spelling := range []string{"gpu-l4", "tpu-v5p-2x2x2", "tpu-v4-8", "tpu-v5p-8", "16", "tpu"} {
		if _, err := compute.ParseAccelerator(spelling); err == nil || !strings.Contains(errors, "`"+spelling+"`") {
			t.Errorf("%s is no error, or the page does not say that it is", spelling)
		}
	}
}

// TestKineticExample: the flow of the page is one.
func TestKineticExample(t *testing.T) {
	for _, b := range read(t, "docs/from-kinetic.md").blocks(t) {
		if b.language == "yaml" {
			if s := validate(t, b.text); len(s) != 1 || !slices.Contains(s[0].Inject, "keras") {
				t.Errorf("settings %+v", s)
			}
			return
		}
	}
	t.Error("the page has no flow")
}
