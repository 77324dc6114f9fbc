package flow_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/flow"
)

// lines is diagnostics as "line:column code summary (suggestion)".
func lines(list diag.List) []string {
	var out []string
	for _, d := range list {
		text := string(d.Code) + " " + d.Summary
		if d.Range != nil && d.Range.Line > 0 {
			text = fmt.Sprintf("%d:%d %s", d.Range.Line, d.Range.Column, text)
		}
		if d.Suggestion != "" {
			text += " (" + d.Suggestion + ")"
		}
		out = append(out, text)
	}
	return out
}

func TestMistakes(t *testing.T) {
	for _, c := range mistakes() {
		t.Run(c.name, func(t *testing.T) {
			text := c.text
			if !strings.HasPrefix(text, "!") {
				text = head + text
			}
			f, list := flow.Parse("flow.yaml", []byte(strings.TrimPrefix(text, "!")))
			if f != nil {
				t.Error("a flow with mistakes is given")
			}
			if diff := cmp.Diff(c.want, lines(list)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
