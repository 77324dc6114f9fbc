package requirement_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/requirement"
)

func TestParseScript(t *testing.T) {
	script := `#!/usr/bin/env -S uv run
"""Trains."""
# /// other
# dependencies = ["not", "these"]
# ///

# /// script
# requires-python = ">=3.11,<3.13"
# dependencies = [
#   "httpx>=0.27", # kept
#
#   "Torch",
#   "mine",
# ]
#
# [tool.uv]
# extra-index-url = ["https://a.example/simple"]
# prerelease = "allow"
# constraint-dependencies = ["anyio<5"]
# exclude-newer = "2026-01-01T00:00:00Z"
# sources = { Mine = { git = "https://e.example/mine.git", rev = "v1", subdirectory = "py" }, other = { path = "../other" } }
#
# [[tool.uv.index]]
# name = "wheels"
# url = "https://wheels.example/cu128"
#
# [[tool.uv.index]]
# url = "https://pypi.corp.example/simple"
# default = true
# ///
import httpx
`
	for _, text := range []string{script, strings.ReplaceAll(script, "\n", "\r\n"), "\ufeff" + script} {
		got, err := requirement.ParseScript([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		var dependencies []string
		var lines []int
		for _, d := range got.Dependencies {
			dependencies = append(dependencies, d.String())
			lines = append(lines, d.Line)
		}
		for _, diff := range []string{
			cmp.Diff("<3.13,>=3.11", got.RequiresPython.String()),
			cmp.Diff([]string{"httpx>=0.27", "torch", "mine @ git+https://e.example/mine.git@v1#subdirectory=py"}, dependencies),
			cmp.Diff([]int{10, 12, 13}, lines),
			cmp.Diff(7, got.Line),
			cmp.Diff("https://pypi.corp.example/simple", got.UV.IndexURL),
			cmp.Diff([]string{"https://a.example/simple", "https://wheels.example/cu128"}, got.UV.ExtraIndexURLs),
			cmp.Diff("allow", got.UV.Prerelease),
			cmp.Diff("anyio<5", got.UV.Constraints[0].String()),
			cmp.Diff([]string{"exclude-newer", "sources.other by path"}, got.UV.CannotSay),
		} {
			if diff != "" {
				t.Error(diff)
			}
		}
	}
}

func TestWrongScripts(t *testing.T) {
	block := func(lines ...string) string {
		lines = append([]string{"#"}, lines...)
		return "x = 1\n# /// script\n" + strings.Join(lines, "\n") + "\n# ///\n"
	}
	for text, want := range map[string]string{
		"import x\n":                        "no \"# /// script\" block",
		"# ///script\n# ///\n":              "no \"# /// script\" block",
		"# /// script\n# a = 1\nx\n# ///\n": "line 1: the block has no",
		"# /// script\n#a = 1\n# ///\n":     "line 1: the block has no",
		block() + block():                   "line 6: a second script block; the first is on line 2",
		block("# dependencies = 'a'"):       "line 4: dependencies is not a list",
		block("#", "# dependencies = [", "# 'a',", "# 'b=1',", "# 1]"): "line 7: \"=\" is no operator at \"=1\", column 2 of \"b=1\"\nline 8: a dependency is not a text",
		block("# requires-python = '>=3.10.*'"):                        "line 4: requires-python: only == and !=",
		block("# requires-python = 3"):                                 "line 4: requires-python is not a text",
		block("#", "# dependencies = [", "# 'a'"):                      "line 6: ", // TOML's own words
		block("# dependancies = []"):                                   "line 4: \"dependancies\" is no field",
		block("# [tool]", "# uv = 1"):                                  "line 5: tool.uv is not a table",
		block("# [tool.uv]", "# prerelease = 'maybe'"):                 "prerelease is not one of",
		block("# [tool.uv]", "# index = 'a'"):                          "index is not a list of tables",
		block("# tool = 1"):                                            "line 4: tool is not a table",
		"# /// script\n# a = '\xff'\n# ///\n":                          "not UTF-8",
	} {
		_, err := requirement.ParseScript([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
		var all requirement.ScriptErrors
		if !errors.As(err, &all) && !errors.Is(err, requirement.ErrNoScript) {
			t.Errorf("%q: the error is a %T", text, err)
		}
	}
	if got, err := requirement.ParseScript([]byte(block())); err != nil || got.Dependencies != nil {
		t.Errorf("an empty block: %v, %v", got, err)
	}
}

func TestPythonFor(t *testing.T) {
	candidates := []string{"3.9", "3.13", "3.10", "3.12", "3.11", "nonsense"}
	for text, want := range map[string]string{
		"":                  "3.13",
		">=3.11":            "3.13",
		">=3.11,<3.13":      "3.12",
		"<3.13":             "3.12",
		"<=3.12":            "3.11", // 3.12.1 is above 3.12
		"==3.11.*":          "3.11",
		"~=3.10":            "3.13",
		"~=3.10.0":          "3.10",
		">=3.12.4":          "3.13",
		">3.12":             "3.13",
		"!=3.13.*,!=3.12.*": "3.11",
		"==3.12.3":          "", // an image of 3.12 has its newest release
		">=3.14":            "",
		"<3":                "",
	} {
		s, err := requirement.ParseSpecifiers(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := requirement.PythonFor(s, candidates); got != want {
			t.Errorf("the Python for %q is %q, want %q", text, got, want)
		}
	}
	s, _ := requirement.ParseSpecifiers("==3.12.3")
	if got := requirement.PythonFor(s, []string{"3.12", "3.12.3"}); got != "3.12.3" {
		t.Errorf("a whole version that fits is not found: %q", got)
	}
}

func TestEvaluateUnknown(t *testing.T) {
	for marker, want := range map[string]requirement.Truth{
		"platform_release == '5'":                                           requirement.Unknown,
		"platform_release == '5' or os_name == 'posix'":                     requirement.True,
		"platform_release == '5' and os_name == 'nt'":                       requirement.False,
		"platform_release == '5' and os_name == 'posix'":                    requirement.Unknown,
		"python_full_version >= '3.12.4'":                                   requirement.Unknown,
		"python_full_version >= '3.12'":                                     requirement.True,
		"python_full_version < '3.12'":                                      requirement.False,
		"python_full_version < '3.12.4' or python_full_version >= '3.12.4'": requirement.True,
		"implementation_version >= '3.13'":                                  requirement.False,
		"'x' in extras":                                                     requirement.False,
		"'x' not in dependency_groups":                                      requirement.True,
	} {
		m, err := requirement.ParseMarker(marker)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Evaluate(requirement.Environment{Platform: "linux/amd64", Python: "3.12"}); got != want {
			t.Errorf("%s is %v, want %v", marker, got, want)
		}
	}
	for _, marker := range []string{"python_version > '3'", "platform_machine == 'x86_64'"} {
		m, _ := requirement.ParseMarker(marker)
		if got := m.Evaluate(requirement.Environment{}); got != requirement.Unknown {
			t.Errorf("%s where nothing is known is %v", marker, got)
		}
	}
}
