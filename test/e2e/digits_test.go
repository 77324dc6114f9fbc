//go:build e2e

package e2e_test

import (
	"regexp"
	"strings"
	"testing"
)

// TestDigits is the product on one page: build, push, run in containers; again,
// and everything is reused with the reason; change a file, and it says which.
func TestDigits(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		for _, where := range []struct {
			name string
			push bool
		}{{"registry", true}, {"engine_only", false}} {
			t.Run(where.name, func(t *testing.T) {
				s := stacks{}
				if where.push {
					s.registry = ownRegistry(t)
				}
				p := exampleProject(t, "digits").on(on)
				p.write("stacks.hcl", s.hcl(t))
				digits(t, p, where.push)
			})
		}
	})
}

func digits(t *testing.T, p *project, push bool) {
	first := p.must(0, "run", "flow.yaml", "--stack", "docker")
	p.wants(first, "digits to train on", "of the test digits are right", "best: ")
	if n := len(regexp.MustCompile(`(?m)(logistic|forest) +0\.9\d{3}`).FindAllString(first.all(), -1)); n < 2 {
		t.Errorf("the report has %d of 2 models:\n%s", n, first)
	}
	built := images(t, p.must(0, "build", "flow.yaml", "--why", "-o", "json"))

	second := p.must(0, "run", "flow.yaml", "--stack", "docker")
	p.wants(second, "best: ", "reuse")
	if len(built) != 1 {
		t.Fatalf("three equal steps have %d images: %+v", len(built), built)
	}
	if built[0].Action != "reuse" || len(built[0].Reasons) == 0 {
		t.Errorf("after a build the plan says %q, reasons %q", built[0].Action, built[0].Reasons)
	}
	if push && (built[0].Digest == nil || !strings.HasPrefix(*built[0].Digest, "sha256:")) {
		t.Errorf("a pushed image has no digest: %+v", built[0])
	}

	p.write("train.py", p.read("train.py")+"\n# a change\n")
	why := images(t, p.must(0, "build", "flow.yaml", "--why", "-o", "json"))
	if why[0].Action != "build" || !strings.Contains(strings.Join(why[0].Reasons, "\n"), "train.py") {
		t.Errorf("after an edit of train.py the plan says %q, reasons %q", why[0].Action, why[0].Reasons)
	}
	if why[0].Key == built[0].Key {
		t.Error("an edit of train.py left the key as it was")
	}
	third := p.must(0, "run", "flow.yaml", "--stack", "docker")
	p.wants(third, "train.py", "best: ")
	if runs := p.ps(); len(runs) != 3 || runs[0].State != "succeeded" {
		t.Errorf("ps says %+v", runs)
	}
}

// TestStepsInContainers: what a step is given in a container arrives as written.
func TestStepsInContainers(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		p := newProject(t, map[string]string{
			"stacks.hcl": stacks{}.hcl(t),
			"data.txt":   "from the source\n",
			"flow.yaml": `version: 1
name: arrives
image:
  base_image: python:3.11-slim
  environment: {BUILD_VALUE: 'a "b" $c \d'}
  runtime_environment: {RUN_VALUE: "two\nlines and 'quotes' $$HOME"}
  user: nobody
steps:
  one:
    resources: {cpu: 0.5, memory: 256MiB, shm: 32MiB}
    run: |
      printf '<%s>\n' "$BUILD_VALUE" "$RUN_VALUE"
      cat data.txt; id -un; pwd
      df -m /dev/shm | tail -n1 | awk '{print "shm " $2}'
      echo handed > "$STACK_OUTPUT_file"
    outputs: {file: {type: file}}
  two:
    inputs: {file: one.file}
    command: [python, -c, "import sys; print(sys.argv[1:], open(sys.argv[3]).read())", "a b", "$HOME;'\"", "${{ inputs.file }}"]
`}).on(on)
		r := p.must(0, "run", "flow.yaml")
		p.wants(r, `<a "b" $c \d>`, "<two", "lines and 'quotes' $HOME>", "from the source", "nobody", "/app", "shm 32", `'a b'`, `$HOME;\'"`, "handed")
	})
}
