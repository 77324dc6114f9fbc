package settings_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

// shown is a list of diagnostics as short lines.
func shown(list diag.List) string {
	var lines []string
	for _, d := range list {
		line := string(d.Code) + " " + d.Summary
		if d.Severity != diag.Error {
			line = string(d.Severity) + " " + line
		}
		if d.Range != nil {
			line = d.Range.String() + " " + line
		}
		if d.Suggestion != "" {
			line += " | " + d.Suggestion
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func read(t testing.TB, text string, layer settings.Layer) *settings.Value {
	t.Helper()
	v, list := settings.ParseYAML(string(layer), []byte(text), layer)
	if len(list) > 0 {
		t.Fatalf("%s: %s", text, shown(list))
	}
	return v
}

// typed is a tree with the type of every scalar.
func typed(v *settings.Value) string {
	switch v.Kind {
	case settings.List:
		var items []string
		for _, i := range v.Items {
			items = append(items, typed(i))
		}
		return "[" + strings.Join(items, " ") + "]"
	case settings.Map:
		var items []string
		for _, e := range v.Entries {
			items = append(items, e.Key+":"+typed(e.Value))
		}
		return "{" + strings.Join(items, " ") + "}"
	case settings.Scalar:
		return fmt.Sprintf("%s(%s)", v.Type, v.Text)
	}
	return "null"
}

func TestParseYAML(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "{}",
		"# only this\n":                         "{}",
		"\ufeffa: b":                            "{a:string(b)}",
		"---\na: b\n...\n":                      "{a:string(b)}",
		"a: 1.10":                               "{a:float(1.10)}",
		"a: '1.10'":                             "{a:string(1.10)}",
		"a: no":                                 "{a:string(no)}",
		"a: [yes, on, off, y, NO]":              "{a:[string(yes) string(on) string(off) string(y) string(NO)]}",
		"a: [true, False, TRUE, tRUE]":          "{a:[bool(true) bool(False) bool(TRUE) string(tRUE)]}",
		"a: [~, null, NULL, , nUll]":            "",
		"a: [~, null, NULL, nUll]":              "{a:[null null null string(nUll)]}",
		"a:":                                    "{a:null}",
		"a: ''":                                 "{a:string()}",
		"a: [010, 0o17, 0x1f, 1_000, 0b1]":      "{a:[int(010) int(0o17) int(0x1f) string(1_000) string(0b1)]}",
		"a: [-1, +1, 1e3, .5, 1., -.inf]":       "{a:[int(-1) int(+1) float(1e3) float(.5) float(1.) float(-.inf)]}",
		"a: [.nan, 1.2.3, 3.12-slim, '3']":      "{a:[float(.nan) string(1.2.3) string(3.12-slim) string(3)]}",
		"a: [12:30:45, 2026-01-02]":             "{a:[string(12:30:45) string(2026-01-02)]}",
		"a: !!str 1.10":                         "{a:string(1.10)}",
		"a: !!int '3'":                          "{a:int(3)}",
		"a: !!float 3":                          "{a:float(3)}",
		"a: |\n  x\n  y\n":                      "{a:string(x\ny\n)}",
		`{"a": [1, "b", {"c": null}], "d": {}}`: "{a:[int(1) string(b) {c:null}] d:{}}",
		"x: &x {a: 1, b: 2}\ny: *x":             "{x:{a:int(1) b:int(2)} y:{a:int(1) b:int(2)}}",
		"x: &x {a: 1, b: 2}\ny: {b: 3, <<: *x}": "{x:{a:int(1) b:int(2)} y:{b:int(3) a:int(1)}}",
		"x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}": "{x:{a:int(1) b:int(2)} y:{b:int(3) a:int(1)}}",
		"x: [&x {a: 1}, &y {a: 2, c: 3}]\ny: {<<: [*x, *y]}": "{x:[{a:int(1)} {a:int(2) c:int(3)}] y:{a:int(1) c:int(3)}}",
		"'<<': 1":  "{<<:int(1)}",
		"- a\n- b": "[string(a) string(b)]",
		"x":        "string(x)",
	} {
		v, list := settings.ParseYAML("f", []byte(text), settings.Flow)
		if want == "" {
			if !list.HasErrors() {
				t.Errorf("%q is accepted", text)
			}
			continue
		}
		if len(list) > 0 {
			t.Errorf("%q: %s", text, shown(list))
			continue
		}
		if diff := cmp.Diff(want, typed(v)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestParseYAMLRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"a: 1\nb:\n  c: 1\n  c: 2\na: 3": "f:4:3 STK1208 key \"c\" is written twice\nf:5:1 STK1208 key \"a\" is written twice",
		"a: 1\n---\nb: 2\n":              "f:2:1 STK1001 there is a second document | remove the line ---",
		"1: a":                           "f:1:1 STK1204 a key must be text, not 1 | write \"1\"",
		"true: a":                        "f:1:1 STK1204 a key must be text, not true | write \"true\"",
		"? [a]\n: b":                     "f:1:3 STK1204 a key must be text",
		"~: a":                           "f:1:1 STK1204 a key must be text, not ~ | write \"~\"",
		"a: !!binary aGk=":               "f:1:4 STK1204 the tag !!binary is not supported",
		"a: !mine x":                     "f:1:4 STK1204 the tag !mine is not supported",
		"a: !!set {x}":                   "f:1:4 STK1204 the tag !!set is not supported",
		"a: !!int x":                     "f:1:4 STK1206 \"x\" is not what its tag !!int says",
		"a: {<<: 3}":                     "f:1:9 STK1204 << needs a map, or a list of maps",
		"a: é\n  b\nc: \xff":             "f:3:4 STK1001 the text is not UTF-8",
	} {
		_, list := settings.ParseYAML("f", []byte(text), settings.Flow)
		if diff := cmp.Diff(want, shown(list)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	for _, text := range []string{"a: [", "a: b: c", "\ta: 1", "a: *no", "a: &a [*a]", "%YAML 9.9\n--- x", "a: \"\\q\"", "a: 'x"} {
		v, list := settings.ParseYAML("f", []byte(text), settings.Flow)
		if !list.HasErrors() {
			t.Errorf("%q is accepted as %s", text, typed(v))
		}
		for _, d := range list {
			if d.Range == nil || d.Range.Line < 1 || d.Range.Column < 1 || strings.Contains(d.Summary, "yaml") {
				t.Errorf("%q: %+v at %v", text, d, d.Range)
			}
		}
	}
}

func TestAliasBombIsRefused(t *testing.T) {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	_, list := settings.ParseYAML("f", []byte(b.String()), settings.Flow)
	if len(list) != 1 || !list.HasErrors() {
		t.Fatal(shown(list))
	}
}

func TestDeepNestingIsRefused(t *testing.T) {
	_, list := settings.ParseYAML("f", []byte(strings.Repeat("[", 1000)+strings.Repeat("]", 1000)), settings.Flow)
	if len(list) != 1 || !list.HasErrors() {
		t.Fatal(shown(list))
	}
}

func TestPlaces(t *testing.T) {
	v := read(t, "é: {ü: \"a\\\"b\", c: 'it''s'}\nlist:\n  - plain text # comment\n  - |\n    x\n", settings.Flow)
	for path, want := range map[string]diag.Range{
		"é.ü":     {File: "flow", Line: 1, Column: 8, EndLine: 1, EndColumn: 14},
		"é.c":     {File: "flow", Line: 1, Column: 19, EndLine: 1, EndColumn: 26},
		"list[0]": {File: "flow", Line: 3, Column: 5, EndLine: 3, EndColumn: 15},
		"list[1]": {File: "flow", Line: 4, Column: 5},
	} {
		got, err := settings.Lookup(v, path)
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(want, got.Range); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	if got := v.Entries[0].Range; got.Column != 1 || got.EndColumn != 2 {
		t.Errorf("key: %+v", got)
	}
}

func FuzzParseYAML(f *testing.F) {
	for _, s := range []string{"a: 1", "{\"a\": [1, null]}", "a: &x {b: 1}\nc: {<<: *x}", "- 'x'\n- \"\\u00e9\"", "a: |\n x", "? a\n: b", "!!str x", "a: *x", "---\n---", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, list := settings.ParseYAML("f", []byte(text), settings.Flow)
		if v == nil && !list.HasErrors() {
			t.Fatal("neither a value nor an error")
		}
		for _, d := range list {
			if d.Range == nil || d.Range.Line < 1 || d.Range.Column < 1 {
				t.Fatalf("no place: %+v", d)
			}
		}
		if list.HasErrors() {
			return
		}
		// What is written on one line is the same value again.
		again, list := settings.ParseYAML("f", []byte(v.PlainText()), settings.Flow)
		if list.HasErrors() {
			t.Fatalf("%q is written as %q: %s", text, v.PlainText(), shown(list))
		}
		if diff := cmp.Diff(typed(v), typed(again)); diff != "" {
			t.Fatalf("%q is written as %q: %s", text, v.PlainText(), diff)
		}
	})
}

// A document on one long line, as programs write JSON, takes time in proportion
// to its length.
func BenchmarkParseOneLine(b *testing.B) {
	text := []byte("[" + strings.TrimSuffix(strings.Repeat(`{"a": "x", "b": 1}, `, 20_000), ", ") + "]")
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, list := settings.ParseYAML("f", text, settings.Flow); len(list) > 0 {
			b.Fatal(shown(list))
		}
	}
}
