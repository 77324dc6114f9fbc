package flow_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/sdk"
)

func TestFilesWrittenOddly(t *testing.T) {
	for _, c := range []struct {
		name, text string
		command    []string // of the last step
	}{
		{"byte order mark", "\ufeff" + head + "steps: {a: {command: [x]}}\n", []string{"x"}},
		{"carriage returns", strings.ReplaceAll(head+"steps:\n  a:\n    run: |\n      one\n      two\n", "\n", "\r\n"), []string{"/bin/sh", "-ec", "one\ntwo\n"}},
		{"aliases", head + "steps:\n  a: &a {command: &c [x, \"1\"], outputs: {o: {}}}\n  b: {<<: *a, needs: [a]}\n  c: {command: *c, needs: [b]}\n", []string{"x", "1"}},
		{"JSON", `{"version": 1, "name": "x", "steps": {"a": {"command": ["x", 1.10, true, "é\n"]}}}`, []string{"x", "1.10", "true", "é\n"}},
		{"list edits", head + "image: {requirements: {append: [httpx]}, apt_packages: {remove: [git]}}\nsteps: {a: {command: [x], image: {base_image: null}}}\n", []string{"x"}},
		{"dollars", head + "steps:\n  a: {command: [x, \"$HOME ${X} $$ $(id)\"]}\n", []string{"x", "$HOME ${X} $$ $(id)"}},
		{"quotes in run", head + "steps:\n  a: {run: \"echo \\\"$A\\\" 'b'\\t\"}\n", []string{"/bin/sh", "-ec", "echo \"$A\" 'b'\t"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := good(t, c.text)
			got := g.Steps[len(g.Steps)-1].Command
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", c.command) {
				t.Errorf("%q, not %q", got, c.command)
			}
		})
	}
}

// A chain as long as a flow may be, written backwards, is ordered and has no
// limit of its own.
func TestTheLongestChain(t *testing.T) {
	var text strings.Builder
	text.WriteString(head + "steps:\n")
	for i := range flow.MostSteps {
		fmt.Fprintf(&text, "  s%d: {run: x", i)
		if i < flow.MostSteps-1 {
			fmt.Fprintf(&text, ", needs: [s%d]", i+1)
		}
		text.WriteString("}\n")
	}
	g := good(t, text.String())
	if got := g.Steps[0].Name; got != fmt.Sprintf("s%d", flow.MostSteps-1) {
		t.Errorf("first is %s", got)
	}
	text.WriteString("  more: {run: x}\n")
	if _, list := flow.Parse("flow.yaml", []byte(text.String())); len(list) != 1 || !strings.Contains(list[0].Summary, "more than") {
		t.Errorf("one step more: %v", list)
	}
}

func TestTextsThatNoProgramCanBeGiven(t *testing.T) {
	long := strings.Repeat("x", 200_000)
	for _, text := range []string{
		"steps: {a: {run: " + long + "}}\n",
		"steps: {a: {command: [x, " + long + "]}}\n",
		"params: {p: " + long + "}\nsteps: {a: {run: x}}\n",
	} {
		if f, list := flow.Parse("flow.yaml", []byte(head+text)); f != nil || len(list) != 1 || !strings.Contains(list[0].Summary, "200000 bytes") {
			t.Errorf("%.60s: %d findings", text, len(list))
		}
	}
}

func TestDeepNestingIsRefused(t *testing.T) {
	text := head + "orchestrator: {a: " + strings.Repeat("[", 3000) + strings.Repeat("]", 3000) + "}\nsteps: {a: {run: x}}\n"
	if f, list := flow.Parse("flow.yaml", []byte(text)); f != nil || !list.HasErrors() {
		t.Error("accepted")
	}
}

func TestWhenAndFail(t *testing.T) {
	f, list := flow.Parse("flow.yaml", []byte(head+"fail: slow\nsteps:\n  a: {run: x}\n  b: {run: x, needs: [a], when: failed}\n"))
	if len(list) > 0 {
		t.Fatal(list)
	}
	if f.FailFast || f.Steps[1].When != sdk.WhenFailed || f.Steps[0].When != sdk.WhenSuccess {
		t.Errorf("%+v", f)
	}
}

// Both are in one file, and a step's word counts more than the flow's.
func TestLayers(t *testing.T) {
	g := good(t, head+"params: {n: 2}\nnodes: 1\nsteps: {a: {run: x, nodes: \"${{ params.n }}\"}}\n")
	n := g.Steps[0]
	if of, step := n.FlowSettings.Get("nodes"), n.Settings.Get("nodes"); of.Layer != settings.Flow || step.Layer != settings.Step || step.Text != "2" {
		t.Errorf("flow %+v, step %+v", of, step)
	}
}
