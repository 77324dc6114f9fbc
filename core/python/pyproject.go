package python

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/requirement"
)

// pyproject is what is read of a pyproject.toml.
type pyproject struct {
	Project *struct {
		Name         string              `toml:"name"`
		Requires     string              `toml:"requires-python"`
		Dependencies []string            `toml:"dependencies"`
		Optional     map[string][]string `toml:"optional-dependencies"`
		Dynamic      []string            `toml:"dynamic"`
	} `toml:"project"`
	Groups map[string][]any `toml:"dependency-groups"`
	Tool   struct {
		Poetry map[string]any `toml:"poetry"`
		UV     map[string]any `toml:"uv"`
	} `toml:"tool"`
}

// parsePyproject reads the text of a pyproject.toml, of which shown is the
// name in an error.
func parsePyproject(shown string, data []byte) (pyproject, error) {
	var p pyproject
	if err := toml.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &p); err != nil {
		place := shown
		var decode *toml.DecodeError
		if errors.As(err, &decode) {
			line, column := decode.Position()
			place = fmt.Sprintf("%s:%d:%d", shown, line, column)
		}
		return p, diag.Fail(diag.Syntax, fmt.Errorf("read %s: %s", place, strings.TrimPrefix(err.Error(), "toml: ")), "")
	}
	return p, nil
}

// readPyproject reads the file at path, which errors call shown.
func readPyproject(path, shown string) (pyproject, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return pyproject{}, unreadable("the project", shown, err)
	}
	return parsePyproject(shown, data)
}

// unreadable says of a file that a setting names, or that stands beside it,
// what those of other settings say.
func unreadable(what, shown string, err error) error {
	var cause *os.PathError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	return diag.Fail(diag.FileUnreadable, fmt.Errorf("cannot read %s %q: %w", what, shown, err), "")
}

// describes reports whether the file is about a project at all, rather than
// only about tools.
func (p pyproject) describes() bool {
	return p.Project != nil || len(p.Tool.Poetry) > 0 || len(p.Groups) > 0
}

// poetryOnly reports whether only poetry can read the dependencies.
func (p pyproject) poetryOnly() bool {
	_, has := p.Tool.Poetry["dependencies"]
	return len(p.Tool.Poetry) > 0 && (p.Project == nil || has && p.dynamic())
}

// dynamic reports whether only the build backend knows the dependencies.
func (p pyproject) dynamic() bool {
	return p.Project != nil && slices.Contains(p.Project.Dynamic, "dependencies")
}

// lacks says why the [project] table may not be all that the project needs;
// empty where it lists dependencies.
func (p pyproject) lacks() string {
	if p.Project != nil && len(p.Project.Dependencies) > 0 {
		return ""
	}
	var elsewhere []string
	if p.dynamic() {
		elsewhere = append(elsewhere, "dynamic dependencies, which the build backend knows")
	}
	if _, ok := p.Tool.Poetry["dependencies"]; ok {
		elsewhere = append(elsewhere, "[tool.poetry.dependencies], which poetry reads")
	}
	if p.Project != nil && len(p.Project.Optional) > 0 {
		elsewhere = append(elsewhere, "[project.optional-dependencies], which are left out")
	}
	if len(p.Groups) > 0 {
		elsewhere = append(elsewhere, "[dependency-groups], of which only uv's default ones without dev are used")
	}
	if len(elsewhere) == 0 {
		return "it lists no dependencies"
	}
	return "it has no [project] dependencies, but " + strings.Join(elsewhere, ", and ")
}

// uvTable is the table of uv's settings for the project in dir: a uv.toml
// beside the project counts in place of [tool.uv], as it does for uv.
func uvTable(dir string, p pyproject) (map[string]any, error) {
	path := filepath.Join(dir, "uv.toml")
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return p.Tool.UV, nil
	}
	if err != nil {
		return nil, unreadable("uv's settings", path, err)
	}
	var table map[string]any
	if err := toml.Unmarshal(data, &table); err != nil {
		return nil, diag.Fail(diag.Syntax, fmt.Errorf("read %s: %w", path, err), "")
	}
	return table, nil
}

// maxGroup is more requirements than a group has but by including others over
// and over.
const maxGroup = 10000

// group is the requirements of a dependency group, with those it includes.
func (p pyproject) group(name string, within []string) ([]string, error) {
	normal := requirement.NormalizeName(name)
	if slices.Contains(within, normal) {
		return nil, fmt.Errorf("the dependency group %q includes itself", name)
	}
	var all []string
	for _, key := range p.groupNames() {
		if requirement.NormalizeName(key) != normal {
			continue
		}
		for _, item := range p.Groups[key] {
			switch item := item.(type) {
			case string:
				all = append(all, item)
			case map[string]any:
				included, _ := item["include-group"].(string)
				more, err := p.group(included, append(within, normal))
				if err != nil {
					return nil, err
				}
				if all = append(all, more...); len(all) > maxGroup {
					return nil, fmt.Errorf("the dependency group %q has more than %d requirements", name, maxGroup)
				}
			}
		}
	}
	return all, nil
}

func (p pyproject) groupNames() []string {
	var names []string
	for name := range p.Groups {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
