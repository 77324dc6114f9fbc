package conformance

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stackrun/stack/sdk"
)

// testEnvironment tests that values arrive as they are.
func testEnvironment(t *testing.T, f Factory) {
	s := open(t, f)
	odd := []string{
		"", " ", "two words", `"quoted" 'twice'`, "$HOME ${HOME} $(id) `id`", `back\slash \n`, "new\nline\n",
		"tab\t", "%s %d", "ünïcödé ✓", "-n", "*", "a=b", "{{ .X }} ${{ y }}", "#;|&<>",
	}
	step := s.script("train", `printf '%s\0' "$@"; i=0; while [ $i -lt $COUNT ]; do eval "printf '%s\0' \"\$V$i\""; i=$((i+1)); done`)
	step.Command = append(step.Command, "sh")
	step.Command = append(step.Command, odd...)
	step.Environment = []sdk.EnvVar{{Name: "COUNT", Value: strconv.Itoa(len(odd))}}
	for i, value := range odd {
		step.Environment = append(step.Environment, sdk.EnvVar{Name: "V" + strconv.Itoa(i), Value: value})
	}
	w := s.workflow(step)
	submission := s.submit(w)
	r := s.watch(w, submission)
	want := strings.Join(odd, "\x00") + "\x00"
	want += want
	got := s.output(w, submission, "train")
	if got == want {
		return
	}
	t.Errorf("values do not arrive as they are (the run ended %s):\n%s", r.last("").State, r)
	have := strings.Split(got, "\x00")
	for i, value := range append(append([]string(nil), odd...), odd...) {
		if i >= len(have) || have[i] != value {
			t.Errorf("value %d: want %q, got %q", i, value, at(have, i))
		}
	}
}

func at(list []string, i int) string {
	if i >= len(list) {
		return "(nothing)"
	}
	return list[i]
}
