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
	for script, what := range map[string]string{
		"/tmp/.stack-apt.sh":     "install apt packages",
		"/tmp/.stack-python.sh":  "install Python requirements",
		"/tmp/.stack-owner.sh":   "make the user",
		"/tmp/.stack-command.sh": "run a command of the settings",
	} {
		if strings.Contains(text, script) {
			step, _, _ := strings.Cut(text, "RUN")
			return step + what
		}
	}
	return text
}
