package migration

import (
	"strings"
	"testing"
)

// What PyYAML 6 and Python 3.11 make of plain values.
func TestPythonText(t *testing.T) {
	for plain, want := range map[string]string{
		"": "None", "~": "None", "null": "None", "NULL": "None", "nUll": "nUll",
		"yes": "True", "Yes": "True", "YES": "True", "yEs": "yEs", "on": "True", "off": "False", "No": "False", "y": "y", "n": "n",
		"true": "True", "TRUE": "True", "False": "False",
		"1": "1", "+1": "1", "-0": "0", "010": "8", "08": "08", "0o10": "0o10", "0x1f": "31", "0b101": "5", "1_000": "1000", "-0x10": "-16",
		"1:30": "90", "12:30:45": "45045", "-1:30": "-90", "0:30": "0:30", "1:60": "1:60",
		"1.10": "1.1", "1.": "1.0", ".5": "0.5", "1e5": "1e5", "1.0e+5": "100000.0", "1.5e5": "1.5e5", "1.0e+16": "1e+16", "0.0001": "0.0001", "0.00001": "1e-05",
		"123456789.125": "123456789.125", "1_0.5": "10.5", "-0.0": "-0.0", "text": "text", "2024-01-01": "2024-01-01", "1.2.3": "1.2.3",
	} {
		if got := pythonText(plain); got != want {
			t.Errorf("%q became %q, want %q", plain, got, want)
		}
	}
}

// expandedHere is what package image makes of the text in the end.
func TestExpanded(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "a": "a", "$": "$", "$$": "$$$", "$A": "$A", "${A}": "${A}", "a${A}b": "a${A}b", "$${A}": "$$${A}", "${A:-b}": "$${A:-b}",
		"${": "$${", "${}": "$${}", "${a b}": "$${a b}", "$$$": "$$$$$", "5$ and ${B}": "5$ and ${B}",
	} {
		got, ok := expanded(text)
		if !ok || got != want {
			t.Errorf("%q became %q (%t), want %q", text, got, ok, want)
		}
	}
	for _, text := range []string{"${{ x }}", "${1}", "a ${2X}"} {
		if got, ok := expanded(text); ok {
			t.Errorf("%q became %q, and cannot be said", text, got)
		}
	}
}

func TestFlowName(t *testing.T) {
	for name, want := range map[string]string{
		"train": "train", "Train Model": "train_model", "_a": "a", "1a": "a", "---": "", "ünï": "n", "a-": "a", strings.Repeat("x", 80): strings.Repeat("x", 63),
	} {
		if got := flowName(name); got != want {
			t.Errorf("%q became %q, want %q", name, got, want)
		}
	}
}

func TestHoldsSecret(t *testing.T) {
	for text, want := range map[string]bool{
		"https://user:pass@host/": true, "https://token@host/": true, "https://${T}@host/": false, "git+ssh://git@github.com/a/b": false,
		"hf_abcdefghijklmnopqrstuvwxyz0123456789": true, "hello": false,
	} {
		if got := holdsSecret(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
	for text, want := range map[string]bool{
		"https://${T}@host/": true, "https://a:${T}@host/": true, "https://${HOST}/a@b": false, "https://host/${T}@x": false, "${T}@host": false,
	} {
		if got := secretURL().MatchString(text); got != want {
			t.Errorf("variable in the credentials of %q: %t", text, got)
		}
	}
}
