package python

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/requirement"
)

// numbered is a line with its continuations, and the number of its first line.
type numbered struct {
	number int
	text   string
}

// logicalLines joins lines that end in a backslash with the next one, as pip
// does: a line of comment ends what it continues.
func logicalLines(text string) []numbered {
	var all []numbered
	joined, start := "", 0
	flush := func() {
		if strings.TrimSpace(joined) != "" {
			all = append(all, numbered{start, strings.TrimSpace(joined)})
		}
		joined, start = "", 0
	}
	for i, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if start == 0 {
			start = i + 1
		}
		comment := strings.HasPrefix(strings.TrimSpace(line), "#")
		if before, continues := strings.CutSuffix(line, `\`); continues && !comment {
			joined += before + " "
			continue
		}
		if comment {
			line = ""
		}
		joined += line
		flush()
	}
	flush()
	return all
}

// normalLines reads what a tool printed: options in their order, and
// requirements by name, each on one line in its normal form, without comments.
// what names the output in an error.
func normalLines(text, what string) (options, lines []string, err error) {
	var requirements []requirement.Requirement
	for _, l := range logicalLines(text) {
		fail := func(message, hint string) error {
			return diag.Fail(diag.BadRequirement, fmt.Errorf("line %d of the output of %s, %q, %s", l.number, what, requirement.Redacted(short(l.text)), message), hint)
		}
		line, err := requirement.ParseLine(l.text)
		if err != nil {
			return nil, nil, fail("is not one of a requirements file: "+reason(err), "the command must print a requirements file and nothing else; messages belong on its standard error")
		}
		switch line.Kind {
		case requirement.Blank:
		case requirement.Required:
			if line.Requirement.Local() {
				return nil, nil, fail("is a file or folder of this machine, which the build does not have", localHint)
			}
			requirements = append(requirements, line.Requirement)
		case requirement.Editable:
			return nil, nil, fail("is an editable install of this machine's files, which the build does not have", localHint)
		case requirement.Options:
			for _, o := range line.Options {
				if o.Name == "--find-links" && !strings.Contains(o.Value, "://") || strings.HasPrefix(o.Value, "file:") {
					return nil, nil, fail("names a folder of this machine, which the build does not have", "use an index or a URL")
				}
				if s := o.String(); !slices.Contains(options, s) {
					options = append(options, s)
				}
			}
		default:
			return nil, nil, fail("names another file", "the command must print all requirements itself")
		}
	}
	return options, sorted(requirements), nil
}

const localHint = "leave it out, such as with uv's --no-emit-project and --no-emit-workspace in pyproject_export_command, " +
	"and install it from the source with local_project_install_command"

func short(text string) string {
	if at := strings.Index(text, " --hash"); at > 0 {
		return text[:at]
	}
	return text
}

func reason(err error) string {
	var e *requirement.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return err.Error()
}

// sorted is requirements in an order that depends on them alone, each once.
func sorted(all []requirement.Requirement) []string {
	slices.SortFunc(all, func(a, b requirement.Requirement) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.String(), b.String()))
	})
	var lines []string
	for _, r := range all {
		lines = append(lines, r.String())
	}
	return slices.Compact(lines)
}

// lastLines is the last lines of what a tool said, indented, without empty
// ones and without credentials.
func lastLines(stderr []byte, n int) string {
	var lines []string
	for _, line := range strings.FieldsFunc(string(stderr), func(c rune) bool { return c == '\n' || c == '\r' }) {
		if line = strings.TrimRight(line, " \t"); line != "" {
			lines = append(lines, "    "+requirement.Redacted(strings.ToValidUTF8(line, "\ufffd")))
		}
	}
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, "\n")
}
