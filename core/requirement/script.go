package requirement

import (
	"bytes"
	"errors"
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
)

// Script is what a Python script says about itself by PEP 723.
type Script struct {
	Line           int // of its "# /// script"
	RequiresPython Specifiers
	Dependencies   []ScriptRequirement
	UV             UV // of [tool.uv], with its sources put into Dependencies
}

// ScriptRequirement is a requirement with the line of the script it is on.
type ScriptRequirement struct {
	Requirement
	Line int
}

// ErrNoScript is that a file has no block of metadata.
var ErrNoScript = errors.New(`the file has no "# /// script" block of PEP 723`)

// ScriptError is one thing that is wrong in a script's metadata.
type ScriptError struct {
	Line    int // in the file, from 1
	Message string
	Instead string // what to write instead, or empty
}

func (e *ScriptError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

// Suggestion is the way out, or empty.
func (e *ScriptError) Suggestion() string {
	if e.Instead == "" {
		return ""
	}
	return "write " + e.Instead
}

// ScriptErrors is everything that is wrong in a script's metadata, by line.
type ScriptErrors []*ScriptError

func (l ScriptErrors) Error() string {
	var lines []string
	for _, e := range l {
		lines = append(lines, e.Error())
	}
	return strings.Join(lines, "\n")
}

// ParseScript reads the metadata of a script. The error is ErrNoScript where
// the file has none, otherwise ScriptErrors.
func ParseScript(data []byte) (Script, error) {
	text := strings.ReplaceAll(string(bytes.TrimPrefix(data, []byte("\ufeff"))), "\r\n", "\n")
	block, start, err := scriptBlock(strings.Split(text, "\n"))
	if err != nil {
		return Script{}, err
	}
	s := &scriptReader{script: Script{Line: start}, toml: []byte(block), first: start + 1}
	s.read()
	if len(s.errors) > 0 {
		sort.SliceStable(s.errors, func(i, j int) bool { return s.errors[i].Line < s.errors[j].Line })
		return Script{}, s.errors
	}
	return s.script, nil
}

// scriptBlock is the TOML of the block of type script, and the line from 1
// that opens it.
func scriptBlock(lines []string) (block string, start int, err error) {
	for i := 0; i < len(lines); i++ {
		kind, ok := blockType(lines[i])
		if !ok {
			continue
		}
		end, last := -1, i+1
		for ; last < len(lines) && (lines[last] == "#" || strings.HasPrefix(lines[last], "# ")); last++ {
			if lines[last] == "# ///" {
				end = last // the last one of the comment ends it
			}
		}
		if kind != "script" {
			if end > 0 {
				i = end
			}
			continue
		}
		switch {
		case end < 0:
			return "", 0, ScriptErrors{{Line: i + 1, Message: `the block has no "# ///" line at its end; each of its lines begins with "# "`}}
		case start > 0:
			return "", 0, ScriptErrors{{Line: i + 1, Message: fmt.Sprintf("a second script block; the first is on line %d", start)}}
		}
		var toml strings.Builder
		for _, line := range lines[i+1 : end] {
			toml.WriteString(strings.TrimPrefix(strings.TrimPrefix(line, "#"), " ") + "\n")
		}
		block, start, i = toml.String(), i+1, end
	}
	if start == 0 {
		return "", 0, ErrNoScript
	}
	return block, start, nil
}

// blockType is the type of the block that a line opens.
func blockType(line string) (string, bool) {
	kind, ok := strings.CutPrefix(line, "# /// ")
	if !ok || kind == "" {
		return "", false
	}
	for i := range len(kind) {
		if c := kind[i]; !letter(c) && !digit(c) && c != '-' {
			return "", false
		}
	}
	return kind, true
}

type scriptReader struct {
	script Script
	toml   []byte
	first  int // line in the file of the first line of toml
	lines  lineIndex
	errors ScriptErrors
}

func (s *scriptReader) fail(line int, instead, format string, args ...any) {
	s.errors = append(s.errors, &ScriptError{Line: line, Message: fmt.Sprintf(format, args...), Instead: instead})
}

func (s *scriptReader) read() {
	if !utf8.Valid(s.toml) {
		s.fail(s.script.Line, "", "the metadata is not UTF-8")
		return
	}
	var all map[string]any
	if err := toml.Unmarshal(s.toml, &all); err != nil {
		line := s.first
		var decode *toml.DecodeError
		if errors.As(err, &decode) {
			row, _ := decode.Position()
			line += row - 1
		}
		s.fail(line, "", "%s", strings.TrimPrefix(err.Error(), "toml: "))
		return
	}
	s.lines = indexLines(s.toml)
	at := func(path ...string) int { return s.first + s.lines.of(path...) - 1 }
	for key, value := range all {
		switch key {
		case "requires-python":
			s.requiresPython(value, at(key))
		case "dependencies":
			s.dependencies(value, at)
		case "tool":
			if _, ok := value.(map[string]any); !ok {
				s.fail(at(key), "", "tool is not a table")
			}
		default:
			instead := nearest(key, []string{"requires-python", "dependencies", "tool"})
			s.fail(at(key), instead, "%q is no field of a script's metadata", key)
		}
	}
	tool, _ := all["tool"].(map[string]any)
	uv, ok := tool["uv"]
	if !ok {
		return
	}
	table, ok := uv.(map[string]any)
	if !ok {
		s.fail(at("tool", "uv"), "", "tool.uv is not a table")
		return
	}
	settings, err := ReadUV(table)
	if err != nil {
		s.fail(at("tool", "uv"), "", "%s", err.Error())
		return
	}
	s.script.UV = settings
	for i, r := range s.script.Dependencies {
		s.script.Dependencies[i].Requirement = settings.apply(r.Requirement)
	}
}

func (s *scriptReader) requiresPython(value any, line int) {
	text, ok := value.(string)
	if !ok {
		s.fail(line, "", `requires-python is not a text such as ">=3.11"`)
		return
	}
	var err error
	if s.script.RequiresPython, err = ParseSpecifiers(text); err != nil {
		s.fail(line, instead(err), "requires-python: %v", err)
	}
}

func (s *scriptReader) dependencies(value any, at func(...string) int) {
	list, ok := value.([]any)
	if !ok {
		s.fail(at("dependencies"), "", "dependencies is not a list")
		return
	}
	for i, item := range list {
		line := at("dependencies", itoa(i))
		text, ok := item.(string)
		if !ok {
			s.fail(line, "", "a dependency is not a text")
			continue
		}
		r, err := Parse(text)
		if err != nil {
			s.fail(line, instead(err), "%v", err)
			continue
		}
		s.script.Dependencies = append(s.script.Dependencies, ScriptRequirement{r, line})
	}
}

func instead(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Instead
	}
	return ""
}
