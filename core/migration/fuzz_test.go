package migration

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/core/image"
)

// seeds is the files of the golden cases of a system.
func seeds(f *testing.F, system string) {
	names, err := filepath.Glob("testdata/" + system + "/*.txtar")
	if err != nil || len(names) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(archive.Files[0].Data)
	}
}

// FuzzZenML reads any text: nothing panics; either it is refused with a place,
// or a flow is written that can be read, and that holds no credential.
func FuzzZenML(f *testing.F) {
	seeds(f, "zenml")
	f.Fuzz(func(t *testing.T, data []byte) { sound(t, ZenML, "config.yaml", data) })
}

// FuzzKitaru is the same for Kitaru's files.
func FuzzKitaru(f *testing.F) {
	seeds(f, "kitaru")
	f.Fuzz(func(t *testing.T, data []byte) {
		sound(t, Kitaru, "pyproject.toml", data)
		sound(t, Kitaru, "image.yaml", data)
	})
}

func sound(t *testing.T, read func(string, []byte, Options) (Result, diag.List), file string, data []byte) {
	t.Helper()
	result, list := read(file, data, Options{Command: "stack import", Out: "flow.yaml"})
	for _, d := range list {
		if d.Range == nil || d.Range.Line < 1 || d.Range.Column < 1 {
			t.Fatalf("no place: %+v", d)
		}
	}
	if (result.Flow == nil) != list.HasErrors() {
		t.Fatalf("flow %q with %v", result.Flow, list)
	}
	if result.Flow == nil {
		return
	}
	mended := 0
	for _, n := range result.Notes {
		if strings.HasPrefix(n.Detail, "mend the flow") {
			mended++
		}
		if holdsSecret(n.Detail) {
			t.Fatalf("a credential in a note: %+v", n)
		}
	}
	_, problems := flow.Parse("flow.yaml", result.Flow)
	for _, d := range problems {
		if d.Code == diag.Syntax {
			t.Fatalf("%v in:\n%s", d, result.Flow)
		}
	}
	if problems.HasErrors() && mended == 0 {
		t.Fatalf("the notes say nothing of %v", problems)
	}
	for _, line := range strings.Split(string(result.Flow), "\n") {
		if holdsSecret(line) {
			t.Fatalf("a credential in the flow: %s", line)
		}
	}
}

// FuzzExpanded: a variable has the same value here as in ZenML.
func FuzzExpanded(f *testing.F) {
	for _, text := range []string{"", "$", "$$", "${A}", "$${A}", "${A:-b}", "a${A}${B}$", "${", "${}", "$$${A}$${", "${A${B}}"} {
		f.Add(text)
	}
	zenml := regexp.MustCompile(`\$\{([a-zA-Z0-9_]+)\}`)
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsRune(text, 0) || strings.ToValidUTF8(text, "") != text || holdsSecret(text) {
			return
		}
		here, ok := expanded(text)
		if !ok {
			return
		}
		want := zenml.ReplaceAllString(text, "<$1>")
		im, list := image.Compile(image.Settings{BaseImage: "scratch", Mode: image.Custom, RuntimeEnv: map[string]string{"X": here}},
			image.Options{Platform: "linux/amd64", Lookup: func(name string) (string, bool) { return "<" + name + ">", true }})
		if list.HasErrors() {
			t.Fatalf("%q: %v", here, list)
		}
		if got := im.Environment()["X"]; got != want {
			t.Fatalf("%q became %q, which is %q and not %q", text, here, got, want)
		}
	})
}
