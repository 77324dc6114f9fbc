package image

import (
	"regexp"
	"strings"
	"sync"
)

// mountOption is an option of RUN, which people need not see while it runs.
var mountOption = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`--mount=\S+\s*`) })

// PartName is what a builder calls a part of a build (an instruction of the
// rendered Dockerfile, mostly) in words for people.
func PartName(vertex string) string {
	text := strings.Join(strings.Fields(mountOption().ReplaceAllString(vertex, "")), " ")
	text = strings.Replace(text, "[stage-0 ", "[", 1)
	for _, s := range []struct{ words, what string }{
		{`/tmp/.stack-apt.sh`, "install apt packages"},
		{`/tmp/.stack-python.sh", "sync"`, "install the uv project"},
		{`/tmp/.stack-python.sh", "run"`, "install the local project"},
		{`/tmp/.stack-python.sh`, "install Python requirements"},
		{`/tmp/.stack-owner.sh`, "make the user"},
		{`/tmp/.stack-command.sh`, "run a command of the settings"},
	} {
		if strings.Contains(text, s.words) {
			step, _, _ := strings.Cut(text, "RUN")
			return step + s.what
		}
	}
	// What makes secrets variables is ours, and in front of the command.
	if step, rest, ours := strings.Cut(text, `RUN ["/bin/sh", "-c", "`); ours {
		if _, command, found := strings.Cut(rest, `"", "sh", `); found {
			return step + "RUN [" + command
		}
	}
	return text
}
