package migration_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/core/migration"
)

var update = flag.Bool("update", false, "write what is found into the golden files")

// Each file of testdata/zenml and testdata/kitaru is an archive of one file of
// the other system, and what comes of it: flow.yaml and the report. Its comment
// says what the case is for.
func TestGolden(t *testing.T) {
	names, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if len(names) < 25 {
		t.Errorf("%d golden files", len(names))
	}
	for _, name := range names {
		system := filepath.Base(filepath.Dir(name))
		t.Run(system+"/"+strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { golden(t, system, name) })
	}
}

func golden(t *testing.T, system, path string) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(archive.Files) == 0 {
		t.Fatal("the archive is empty")
	}
	input := archive.Files[0]
	want := map[string]string{}
	for _, f := range archive.Files[1:] {
		want[f.Name] = string(f.Data)
	}
	read := map[string]func(string, []byte, migration.Options) (migration.Result, diag.List){"zenml": migration.ZenML, "kitaru": migration.Kitaru}[system]
	result, list := read(input.Name, input.Data, migration.Options{
		Default: strings.TrimSuffix(filepath.Base(path), ".txtar"), Command: "stack import " + system + " " + input.Name, Out: "flow.yaml",
	})
	got := map[string]string{}
	if result.Flow != nil {
		got["flow.yaml"] = string(result.Flow)
		got["report"] = report(result.Notes)
	}
	if len(list) > 0 {
		got["diagnostics"] = diagnostics(list, input)
	}
	if *update {
		files := []txtar.File{input}
		var all []string
		for name := range got {
			all = append(all, name)
		}
		sort.Strings(all)
		for _, name := range all {
			files = append(files, txtar.File{Name: name, Data: []byte(got[name])})
		}
		if err := os.WriteFile(path, txtar.Format(&txtar.Archive{Comment: archive.Comment, Files: files}), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if list.HasErrors() {
		if result.Flow != nil {
			t.Error("a flow was written in spite of errors")
		}
		return
	}
	parsed, problems := flow.Parse("flow.yaml", result.Flow)
	if problems.HasErrors() {
		t.Fatalf("the flow that was written is wrong:\n%v", problems)
	}
	for _, n := range result.Notes {
		if strings.HasPrefix(n.Detail, "mend the flow") && !strings.Contains(string(archive.Comment), "to mend") {
			t.Errorf("%s", n.Detail)
		}
	}
	if parsed.Name != result.Name {
		t.Errorf("the flow is named %q, and the result says %q", parsed.Name, result.Name)
	}
}

func report(notes []migration.Note) string {
	var b strings.Builder
	for _, n := range notes {
		at := ""
		if n.Range != nil {
			at = n.Range.String() + " "
		}
		fmt.Fprintf(&b, "%s: %s%s", n.Kind, at, n.From)
		if n.To != "" {
			fmt.Fprintf(&b, " -> %s", n.To)
		}
		b.WriteByte('\n')
		if n.Detail != "" {
			fmt.Fprintf(&b, "    %s\n", n.Detail)
		}
	}
	return b.String()
}

func diagnostics(list diag.List, input txtar.File) string {
	var b strings.Builder
	diag.Printer{W: &b, ReadFile: func(string) ([]byte, error) { return input.Data, nil }}.Print(list)
	return b.String()
}
