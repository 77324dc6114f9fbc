package house_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
)

// update writes the generated pages instead of comparing them: `make generate`.
var update = flag.Bool("update", false, "write generated pages anew")

// diagnosticsPage is docs/diagnostics.md, made from the table of codes, so that
// no code can be without a row.
func diagnosticsPage() []byte {
	var b bytes.Buffer
	b.WriteString("<!-- Generated from core/diag by `make generate`. Do not edit. -->\n" +
		"# Diagnostic codes\n\n" +
		"Every message about a mistake ends with a code, such as `[STK1203]`. A code never\n" +
		"changes its meaning, so scripts may match it, and the JSON of every command has it\n" +
		"as `code`. The exit status is that of the first error.\n\n" +
		"| code | exit | what is wrong | what to do |\n|---|---|---|---|\n")
	cell := strings.NewReplacer("|", `\|`, "\n", " ")
	for _, m := range diag.Meanings() {
		fmt.Fprintf(&b, "| `%s` | %d | %s | %s |\n", m.Code, m.Exit, cell.Replace(m.Title), cell.Replace(m.Help))
	}
	return b.Bytes()
}

func TestDiagnosticsPage(t *testing.T) {
	path, want := filepath.Join(root(t), "docs", "diagnostics.md"), diagnosticsPage()
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run `make generate`", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("docs/diagnostics.md is stale; run `make generate` (-want +got):\n%s", diff)
	}
}

// TestEveryCodeHasAMeaning finds the codes in the text of the constants: one
// that the table lacks would give the wrong exit status and no help.
func TestEveryCodeHasAMeaning(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root(t), "core", "diag", "codes.go"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[diag.Code]bool{}
	for _, m := range diag.Meanings() {
		known[m.Code] = true
		if m.Title == "" || m.Help == "" {
			t.Errorf("%s has no title or no help", m.Code)
		}
	}
	codes := regexp.MustCompile(`Code = "([A-Z]+[0-9]+)"`).FindAllSubmatch(content, -1)
	if len(codes) < 20 {
		t.Fatalf("found %d codes: the pattern is broken", len(codes))
	}
	for _, c := range codes {
		if !known[diag.Code(c[1])] {
			t.Errorf("code %s has no row in the table", c[1])
		}
	}
}
