package stackfile_test

import (
	"strings"
	"testing"

	"github.com/stackrun/stack/core/stackfile"
)

// A text that would exhaust the stack of the process is refused; one that is
// merely unusual is not.
func TestExcess(t *testing.T) {
	nest := func(open, inner, end string, n int) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
	}
	for _, tc := range []struct {
		name, value, want string
	}{
		{"brackets", nest("[", "", "]", 400), ""},
		{"many brackets", nest("[", "", "]", 6_000), "stacks.hcl:3:504: nested too deeply"},
		{"open brackets", nest("[", "", "", 6_000), "stacks.hcl:3:504: nested too deeply"},
		{"calls", nest("abs(", "1", ")", 6_000), "stacks.hcl:3:2001: nested too deeply"},
		{"templates", nest(`"${`, "1", `}"`, 6_000), "stacks.hcl:3:1501: nested too deeply"},
		{"signs", nest("-", "1", "", 1_000), ""},
		{"many signs", nest("!", "true", "", 60_000), "stacks.hcl:3:50006: nested too deeply"},
		{"sums", "1" + strings.Repeat("+1", 1_000), ""},
		{"long sums", "1" + strings.Repeat("+1", 60_000), "stacks.hcl:3:100007: nested too deeply"},
		{"conditions", strings.Repeat("true?1:", 60_000) + "1", "stacks.hcl:3:350010: nested too deeply"},
		{"signs in text", `"` + strings.Repeat("-", 60_000) + `"`, ""},
		{"closed in text", `[` + strings.Repeat(`"]", [1], `, 6_000) + `]`, ""},
		{"an exponent", "1e400", ""},
		{"a large exponent", "1e999999999", "stacks.hcl:3:6: number is too large or too small"},
		{"a large exponent in a template", `"${1E-99999999999999999999}"`, "stacks.hcl:3:9: number is too large or too small"},
		{"digits in text", `"12e99999"`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, list := stackfile.Parse("stacks.hcl", "", []byte("stack \"s\" {\n orchestrator \"x\" {\n v = "+tc.value+"\n }\n}\n"), nil, nil)
			if !list.HasErrors() {
				list = f.Check()
			}
			if got := list.Error(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	f, list := stackfile.Parse("stacks.hcl", "", []byte("variable \"v\" { type = list(string) }\nstack \"s\" {\n orchestrator \"x\" { v = var.v }\n}\n"),
		[]string{"v=" + nest("[", "", "]", 6_000)}, nil)
	if list.HasErrors() {
		t.Fatal(list)
	}
	_, list = f.Stack("s")
	if got, want := list.Error(), `--var v: variable "v": nested too deeply`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
