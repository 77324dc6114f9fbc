package image_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
)

func compiled(t *testing.T, yaml string, files map[string]string) (image.Image, diag.List) {
	t.Helper()
	s, at, problems := read(t, yaml)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	return image.Compile(s, image.Options{SourceRoot: lay(t, files), RangeOf: at})
}

// TestSecretsOfEveryLayer: the second and third layer of a kind have secrets
// just as the first has.
func TestSecretsOfEveryLayer(t *testing.T) {
	im, problems := compiled(t, `
base_image: debian:12
build_secrets: [ALL]
layers:
  - {pip: [a], secrets: [A]}
  - {pip: [b], secrets: [B]}
  - {pip: [c], secrets: [C]}
  - {run: x, secrets: [D]}
  - {run: y, secrets: [E]}
  - {apt: [git], secrets: [F]}
  - {apt: [jq], secrets: [G]}
`, nil)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	var names []string
	for _, s := range im.Secrets() {
		names = append(names, s.Name)
	}
	if diff := cmp.Diff([]string{"A", "ALL", "B", "C", "D", "E", "F", "G"}, names); diff != "" {
		t.Error(diff)
	}
}

// TestACopiedSecret is refused wherever it would be copied.
func TestACopiedSecret(t *testing.T) {
	files := map[string]string{"tok.txt": "x", "other.txt": "x"}
	for yaml, wrong := range map[string]bool{
		"{build_secrets: [{name: T, file: tok.txt}], commands: [x], copy: [{src: tok.txt}]}":             true,
		"{build_secrets: [{name: T, file: ./tok.txt}], commands: [x], layers: [{copy: {src: tok.txt}}]}": true,
		"{layers: [{copy: {src: tok.txt, dst: /b}}, {run: x, secrets: [{name: T, file: tok.txt}]}]}":     true,
		"{build_secrets: [{name: T, file: tok.txt}], commands: [x], copy: [{src: other.txt}]}":           false,
	} {
		_, problems := compiled(t, yaml, files)
		if problems.HasErrors() != wrong || wrong && problems[0].Code != diag.SecretInPlain {
			t.Errorf("%s: %v", yaml, problems)
		}
	}
}

// TestRequirementsThatIncludeEachOther are read once, and written without the
// circle.
func TestRequirementsThatIncludeEachOther(t *testing.T) {
	im, problems := compiled(t, "{base_image: 'debian:12@sha256:"+strings.Repeat("a", 64)+"', requirements: a.txt}",
		map[string]string{"a.txt": "one\n-r b.txt\n", "b.txt": "-r a.txt\n-c b.txt\ntwo\n"})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	stages, err := im.Stages(image.BuildKit())
	must(t, err)
	var text string
	for _, f := range stages[0].Files {
		if strings.HasSuffix(f.Path, ".txt") {
			text += f.Path + ": " + string(f.Content) + "; "
		}
	}
	if want := "build/requirements/requirements-1.txt: two\n; build/requirements/requirements.txt: one\n-r requirements-1.txt\n; "; text != want {
		t.Errorf("the files are %q, want %q", text, want)
	}
}
