package diag_test

import (
	"testing"

	"github.com/stackrun/stack/core/diag"
)

func TestFew(t *testing.T) {
	for want, items := range map[string][]string{
		"":                         nil,
		"a":                        {"a"},
		"a, b, c, d, e":            {"a", "b", "c", "d", "e"},
		"a, b, c, d, e and 2 more": {"a", "b", "c", "d", "e", "f", "g"},
	} {
		if got := diag.Few(items); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
