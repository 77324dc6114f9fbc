package conformance

import (
	"strings"
	"testing"

	"github.com/stackrun/stack/sdk"
)

// testFiles tests what steps hand to each other.
func testFiles(t *testing.T, f Factory) {
	t.Run("files and folders", func(t *testing.T) {
		s := open(t, f)
		make := s.script("make", `printf 'a file' > "$STACK_OUTPUT_the_file"
test -d "$STACK_OUTPUT_folder"
mkdir "$STACK_OUTPUT_folder/deep"
printf 'in a folder' > "$STACK_OUTPUT_folder/deep/with space"
chmod 755 "$STACK_OUTPUT_folder/deep/with space"`)
		make.Outputs = []sdk.Output{{Name: "the-file", Type: sdk.OutputFile}, {Name: "folder", Type: sdk.OutputDirectory}}
		use := s.script("use", `cat "$STACK_INPUT_one"; echo
cat "$STACK_INPUT_two/deep/with space"; echo
test -x "$STACK_INPUT_two/deep/with space"
echo "$0"`, "make")
		use.Command = append(use.Command, sdk.InputReference("one"))
		use.Command[2] += "\ncat \"$0\"; cat \"$AGAIN\""
		use.Environment = []sdk.EnvVar{{Name: "AGAIN", Value: sdk.InputReference("two") + "/deep/with space"}}
		use.Inputs = []sdk.Input{
			{Name: "one", Sources: []sdk.Source{{Step: "make", Output: "the-file"}}},
			{Name: "two", Sources: []sdk.Source{{Step: "make", Output: "folder"}}},
		}
		w := s.workflow(make, use)
		submission := s.submit(w)
		r := s.watch(w, submission)
		out := s.output(w, submission, "use")
		if r.last("").State != sdk.StateSucceeded || !strings.HasPrefix(out, "a file\nin a folder\n") || !strings.HasSuffix(out, "a filein a folder") {
			t.Errorf("the run ended %s, the output is %q, %q\n%s", r.last("").State, out, join(s.logs(w, submission, sdk.LogsRequest{}), true), r)
		}
	})
	t.Run("many", func(t *testing.T) {
		s := open(t, f)
		var steps []sdk.Step
		input := sdk.Input{Name: "models", Many: true}
		var needs []string
		for _, entry := range []string{"lr=0.1", "lr=0.01"} {
			step := s.script("train["+entry+"]", `printf '`+entry+`' > "$STACK_OUTPUT_model"`)
			step.Group = "train"
			step.Outputs = []sdk.Output{{Name: "model", Type: sdk.OutputFile}}
			steps = append(steps, step)
			needs = append(needs, step.Name)
			input.Sources = append(input.Sources, sdk.Source{Step: step.Name, Output: "model", Entry: entry})
		}
		report := s.script("report", `cd "$STACK_INPUT_models"; for f in *; do echo "$f: $(cat "$f")"; done`, needs...)
		report.Inputs = []sdk.Input{input}
		w := s.workflow(append(steps, report)...)
		submission := s.submit(w)
		r := s.watch(w, submission)
		if out := s.output(w, submission, "report"); out != "lr=0.01: lr=0.01\nlr=0.1: lr=0.1\n" {
			t.Errorf("the output is %q\n%s", out, r)
		}
	})
	t.Run("an output that is not made", func(t *testing.T) {
		s := open(t, f)
		for _, output := range []sdk.Output{{Name: "model", Type: sdk.OutputFile}} {
			step := s.script("train", "true")
			step.Outputs = []sdk.Output{output}
			r := s.run(s.workflow(step))
			if e := r.last("train"); e.State != sdk.StateFailed || e.Reason != sdk.ReasonOutput || !strings.Contains(e.Message, "model") {
				t.Errorf("the end is told as %+v", e)
			}
		}
	})
	t.Run("an attempt does not see the outputs of the one before", func(t *testing.T) {
		s := open(t, f)
		step := s.script("train", `if [ -e "$STACK_OUTPUT_model" ] || [ -n "$(ls -A "$STACK_OUTPUT_logs")" ]; then echo stale; fi
echo x > "$STACK_OUTPUT_model"; echo x > "$STACK_OUTPUT_logs/x"; exit 1`)
		step.Outputs = []sdk.Output{{Name: "model", Type: sdk.OutputFile}, {Name: "logs", Type: sdk.OutputDirectory}}
		step.Retry = sdk.Retry{Max: 1}
		w := s.workflow(step)
		submission := s.submit(w)
		s.watch(w, submission)
		if out := s.output(w, submission, "train"); out != "" {
			t.Errorf("the second attempt says %q", out)
		}
	})
}
