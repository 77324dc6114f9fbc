package flow_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/sdk"
)

func TestMatrix(t *testing.T) {
	g := good(t, head+`steps:
  best: {inputs: {results: train.result}, command: [best, "${{ inputs.results }}"]}
  train:
    matrix: {lr: [0.1, 0.10], x-y: [a b, A B]}
    max_parallel: 2
    command: [train, "${{ matrix.lr }}/${{matrix.x-y}}", "${{ outputs.result }}"]
    resources: {cpu: "${{ matrix.lr }}"}
    outputs: {result: {type: file}}
`)
	var names []string
	for _, n := range g.Steps {
		names = append(names, n.Name)
	}
	want := []string{`train[lr=0.1,x-y="a b"]`, `train[lr=0.1,x-y="A B"]`, `train[lr=0.10,x-y="a b"]`, `train[lr=0.10,x-y="A B"]`, "best"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Fatal(diff)
	}
	second := g.Steps[1]
	if second.Group != "train" || second.MaxParallel != 2 || second.Settings.Get("resources").Get("cpu").Text != "0.1" {
		t.Errorf("%+v", second)
	}
	if diff := cmp.Diff([]string{"train", "0.1/A B", sdk.OutputReference("result")}, second.Command); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]sdk.EnvVar{{Name: "STACK_MATRIX_lr", Value: "0.1"}, {Name: "STACK_MATRIX_x_y", Value: "A B"}}, second.Environment); diff != "" {
		t.Error(diff)
	}
	best := g.Steps[4]
	if diff := cmp.Diff(want[:4], best.Needs); diff != "" {
		t.Error(diff)
	}
	if len(best.Inputs) != 1 || !best.Inputs[0].Many {
		t.Fatalf("inputs: %+v", best.Inputs)
	}
	entries := map[string]bool{}
	for _, s := range best.Inputs[0].Sources {
		if strings.ContainsAny(s.Entry, "/\" \\") || entries[strings.ToLower(s.Entry)] {
			t.Errorf("entry %q is not safe and unique", s.Entry)
		}
		entries[strings.ToLower(s.Entry)] = true
	}
}

func TestPlainEntriesStay(t *testing.T) {
	g := good(t, head+`steps:
  a: {run: x, matrix: {lr: [0.1], depth: [3]}, outputs: {o: {}}}
  b: {run: x, matrix: {k: [1, 2]}, inputs: {i: a.o}}
`)
	if got := g.Steps[1].Inputs[0].Sources[0]; got != (sdk.Source{Step: "a[lr=0.1,depth=3]", Output: "o", Entry: "lr=0.1,depth=3"}) {
		t.Errorf("%+v", got)
	}
	if len(g.Steps) != 3 || g.Steps[2].Name != "b[k=2]" {
		t.Errorf("%+v", g.Steps)
	}
}

func TestAnExpressionImpliesAnInput(t *testing.T) {
	g := good(t, head+`steps:
  a: {run: x, outputs: {o: {}, p: {}}}
  b: {inputs: {mine: a.o, a_p: a.o}, command: [x, "${{ steps.a.outputs.o }}", "${{ steps.a.outputs.p }}", "${{ steps.a.outputs.p }}"]}
`)
	b := g.Steps[1]
	if diff := cmp.Diff([]string{"a"}, b.Needs); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"x", sdk.InputReference("mine"), sdk.InputReference("a_p_2"), sdk.InputReference("a_p_2")}, b.Command); diff != "" {
		t.Error(diff)
	}
	if len(b.Inputs) != 3 || b.Inputs[2].Name != "a_p_2" || b.Inputs[2].Sources[0].Output != "p" {
		t.Errorf("%+v", b.Inputs)
	}
}

func TestOddValuesArriveUnchanged(t *testing.T) {
	for _, value := range []string{`a "b" 'c'`, "a\nb", "$HOME $$ ${X}", "ü→🙂", `\ \n`, "", " ", "a=b,c]", "{{ x }}", "'; rm -rf /"} {
		g := good(t, head+"params: {v: x}\nimage: {environment: {A: \"<${{ params.v }}>\"}}\nsteps:\n  a: {command: [x, \"${{ params.v }}\", \"<${{params.v}}>\"]}\n", "v="+value)
		n := g.Steps[0]
		if diff := cmp.Diff([]string{"x", value, "<" + value + ">"}, n.Command); diff != "" {
			t.Error(diff)
		}
		if n.Environment[0].Value != value {
			t.Errorf("environment: %q", n.Environment[0].Value)
		}
		// ${VAR} is read there later, and $$ becomes $.
		if got, want := n.FlowSettings.Get("image").Get("environment").Get("A").Text, "<"+strings.ReplaceAll(value, "$", "$$")+">"; got != want {
			t.Errorf("image.environment: %q, not %q", got, want)
		}
	}
}

func TestParams(t *testing.T) {
	const text = head + `params:
  n: {type: int, min: 1, max: 0x10}
  lr: 0.10
  opt: {default: adam, choices: [adam, sgd]}
  on: false
nodes: ${{ params.n }}
steps: {a: {run: x}}
`
	f, list := flow.Parse("flow.yaml", []byte(text))
	if len(list) > 0 {
		t.Fatal(list)
	}
	for _, c := range []struct {
		name   string
		params []string
		want   []string // NAME=VALUE, or what is wrong
	}{
		{"needed", nil, []string{"4:3 STK1205 param n has no default: it must be given (add -p n=VALUE)"}},
		{"defaults", []string{"n=3"}, []string{"n=3", "lr=0.1", "opt=adam", "on=false"}},
		{"last wins", []string{"n=3", "n=0x4", "lr=1e-3", "opt=sgd", "on=True"}, []string{"n=4", "lr=0.001", "opt=sgd", "on=true"}},
		{"wrong", []string{"n=17", "lr=x", "opt=sdg", "on=yes", "optt=a", "n"}, []string{
			"STK1206 param n cannot be 17: it is 16 or less",
			`STK1204 param lr must be of type float, not "x"`,
			`STK1206 param opt cannot be "sdg" (did you mean "sgd"?)`,
			`STK1204 param on must be of type bool, not "yes"`,
			`STK1305 the flow has no param "optt" (did you mean "opt"?)`,
			`STK1206 param "n" has no value (write -p NAME=VALUE)`,
		}},
		{"an expression", []string{"n=1", "opt=${{ inputs.x }}"}, []string{"STK1304 param opt cannot have ${{ in it"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			values, list := f.ParseParams(c.params)
			got := lines(list)
			if len(list) == 0 {
				for _, v := range values {
					got = append(got, v.Name+"="+v.Text)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	g, _ := flow.Expand(f, []string{"n=0x4"})
	if nodes := g.Steps[0].FlowSettings.Get("nodes"); nodes.Text != "4" || nodes.Type != "int" {
		t.Errorf("nodes: %+v", nodes)
	}
}

func TestValuesCannotMakeAnExpression(t *testing.T) {
	f, list := flow.Parse("flow.yaml", []byte(head+"params: {d: x}\nsteps:\n  a: {command: [x, \"${{ params.d }}{{ outputs.o }}\"], outputs: {o: {}}}\n"))
	if len(list) > 0 {
		t.Fatal(list)
	}
	if _, list = flow.Expand(f, []string{"d=$"}); !list.HasErrors() {
		t.Error("a value and the text behind it became an expression")
	}
}

func TestManyConnectionsAreRefused(t *testing.T) {
	values := make([]string, 1001)
	for i := range values {
		values[i] = fmt.Sprint(i)
	}
	axis := strings.Join(values, ",")
	text := head + "steps:\n  a: {run: x, matrix: {i: [" + axis + "]}}\n  b: {run: x, needs: [a], matrix: {i: [" + axis + "]}}\n"
	f, list := flow.Parse("flow.yaml", []byte(text))
	if f != nil || len(list) != 1 || list[0].Range.Line != 5 {
		t.Errorf("%v", list)
	}
}
