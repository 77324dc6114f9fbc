package diag_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
)

func TestPrinterShowsThePlace(t *testing.T) {
	files := map[string]string{
		"flow.yaml": "steps:\n  train:\n      acelerator: h100:8\n",
		"tabs.yaml": "a:\n\tb: é x\r\n",
		"long.yaml": strings.Repeat("x", 400) + "BAD" + strings.Repeat("y", 400),
	}
	read := func(name string) ([]byte, error) {
		if text, ok := files[name]; ok {
			return []byte(text), nil
		}
		return nil, errors.New("no such file")
	}
	for _, tc := range []struct {
		name string
		in   diag.Diagnostic
		want string
	}{
		{"suggestion under the field",
			diag.At(diag.Range{File: "flow.yaml", Line: 3, Column: 7, EndLine: 3, EndColumn: 17}, diag.UnknownField, "unknown field %q", "acelerator").Try(`did you mean "accelerator"?`),
			"error: unknown field \"acelerator\"   [STK1203]\n  flow.yaml:3:7\n3 |       acelerator: h100:8\n  |       ^^^^^^^^^^ did you mean \"accelerator\"?\n"},
		{"columns are characters and tabs are one wide",
			diag.At(diag.Range{File: "tabs.yaml", Line: 2, Column: 7}, diag.BadValue, "bad").AsWarning(),
			"warning: bad   [STK1206]\n  tabs.yaml:2:7\n2 |  b: é x\n  |       ^\n"},
		{"a file that is not there",
			diag.At(diag.Range{File: "gone.yaml", Line: 2, Column: 7}, diag.BadValue, "bad").Because("one\ntwo").Try("do this"),
			"error: bad   [STK1206]\n  gone.yaml:2:7\n  one\n  two\n  do this\n"},
		{"a source that is no file",
			diag.At(diag.Range{File: "--set"}, diag.BadValue, "bad"),
			"error: bad   [STK1206]\n  --set\n"},
		{"a line past the end",
			diag.At(diag.Range{File: "flow.yaml", Line: 99, Column: 1}, diag.BadValue, "bad"),
			"error: bad   [STK1206]\n  flow.yaml:99:1\n"},
		{"escape sequences are written out",
			diag.New(diag.BadValue, "bad \x1b[31mname\n"),
			"error: bad \\x1b[31mname\\n   [STK1206]\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out bytes.Buffer
			diag.Printer{W: &out, ReadFile: read}.Print(diag.List{tc.in})
			if diff := cmp.Diff(tc.want, out.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("a long line keeps the place in sight", func(t *testing.T) {
		var out bytes.Buffer
		d := diag.At(diag.Range{File: "long.yaml", Line: 1, Column: 401, EndLine: 1, EndColumn: 404}, diag.BadValue, "bad")
		diag.Printer{W: &out, ReadFile: read}.Print(diag.List{d})
		lines := strings.Split(out.String(), "\n")
		if at := strings.Index(lines[2], "BAD"); at < 0 || strings.Index(lines[3], "^^^") != at {
			t.Errorf("the carets are not under the place:\n%s", out.String())
		}
	})
}

// TestPrinterHidesSecrets is that the line of a secret is shown by no
// diagnostic, and that other lines are.
func TestPrinterHidesSecrets(t *testing.T) {
	const text = "environment: {MY_TOKEN: abc, Y: hidden}\n|\n hidden\nopen: 1\n"
	read := func(string) ([]byte, error) { return []byte(text), nil }
	at := func(file string, line, end int) diag.Range {
		return diag.Range{File: file, Line: line, Column: 2, EndLine: end, EndColumn: 4}
	}
	other := diag.At(at("a.yaml", 1, 1), diag.BadValue, "other").Try("do this")
	for name, tc := range map[string]struct {
		list   diag.List
		hidden bool
	}{
		"the secret itself":           {diag.List{diag.At(at("a.yaml", 1, 1), diag.SecretInPlain, "x")}, true},
		"the name of one":             {diag.List{diag.At(at("a.yaml", 1, 1), diag.SecretName, "x").AsWarning()}, true},
		"another mistake before":      {diag.List{other, diag.At(at("a.yaml", 1, 1), diag.SecretInPlain, "x")}, true},
		"another mistake after":       {diag.List{diag.At(at("a.yaml", 1, 1), diag.SecretName, "x"), other}, true},
		"another line of the secret":  {diag.List{diag.At(at("a.yaml", 3, 3), diag.BadValue, "y"), diag.At(at("a.yaml", 2, 3), diag.SecretInPlain, "x")}, true},
		"the same line, another file": {diag.List{other, diag.At(at("b.yaml", 1, 1), diag.SecretInPlain, "x")}, false},
		"no secret":                   {diag.List{other}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			diag.Printer{W: &out, ReadFile: read}.Print(append(tc.list, diag.At(at("a.yaml", 4, 4), diag.BadValue, "z")))
			if strings.Contains(out.String(), "hidden") == tc.hidden {
				t.Errorf("got\n%s", out.String())
			}
			if !strings.Contains(out.String(), "4 | open: 1\n") || tc.list[0].Suggestion != "" && !strings.Contains(out.String(), "do this") {
				t.Errorf("too much is hidden:\n%s", out.String())
			}
		})
	}
}

// A line with a password in a URL is not shown by a mistake that has nothing to
// do with it.
func TestPrinterHidesCredentials(t *testing.T) {
	for line, shown := range map[string]bool{
		"usr: x, url: 'https://u:hunter2@x.example/'": false,
		"usr: [git+https://tok@x.example/a]":          false,
		"usr: git+ssh://git@github.com/a/b":           true,
		"usr: https://x.example/@scope/a":             true,
		"usr: a@b, see https://x.example":             true,
	} {
		var out bytes.Buffer
		read := func(string) ([]byte, error) { return []byte(line), nil }
		diag.Printer{W: &out, ReadFile: read}.Print(diag.List{diag.At(diag.Range{File: "a.yaml", Line: 1, Column: 1}, diag.UnknownField, "unknown field")})
		if strings.Contains(out.String(), "usr") != shown {
			t.Errorf("%s: got\n%s", line, out.String())
		}
	}
}

func TestExitOf(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want diag.Exit
	}{
		{nil, 0},
		{errors.New("boom"), 1},
		{diag.List{diag.New(diag.UnknownField, "x")}, 2},
		{diag.List{diag.New(diag.SettingIgnored, "x").AsWarning(), diag.New(diag.Placement, "y")}, 6},
		{fmt.Errorf("build: %w", diag.Fail(diag.RegistryDenied, errors.New("no"), "sign in")), 3},
		{fmt.Errorf("watch: %w", context.Canceled), 130},
		{diag.Fail(diag.BuildFailed, context.Canceled, ""), 5},
		{diag.List{diag.New("VERTEX007", "a plugin's own code")}, 2},
	} {
		if got := diag.ExitOf(tc.err); got != tc.want {
			t.Errorf("ExitOf(%v) = %d, want %d", tc.err, got, tc.want)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	fields := []string{"accelerator", "memory", "base_image_repo", "base_image", "base_image_version", "cpu", "target_one", "target_two"}
	for _, tc := range []struct{ word, want string }{
		{"acelerator", `did you mean "accelerator"?`},
		{"Base-Image", `did you mean "base_image"?`},
		{"cp", `did you mean "cpu"?`},
		{"cup", `did you mean "cpu"?`},
		{"memroy", `did you mean "memory"?`},
		{"zzz", ""},
		{"basee", `did you mean "base_image"?`},
		{"base", `did you mean "base_image"?`},
		{"bas", ""},
		{"target", ""}, // two begin so
		{"accell", `did you mean "accelerator"?`},
		{"", ""},
	} {
		if got := diag.DidYouMean(tc.word, fields); got != tc.want {
			t.Errorf("DidYouMean(%q) = %q, want %q", tc.word, got, tc.want)
		}
	}
}

func TestEveryCodeHasAMeaning(t *testing.T) {
	for _, m := range diag.Meanings() {
		if m.Title == "" || m.Help == "" || m.Exit == diag.ExitOK {
			t.Errorf("%s: title, help and a failing exit status are needed: %+v", m.Code, m)
		}
	}
}
