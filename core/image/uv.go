package image

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
	"github.com/stackrun/stack/core/source"
)

// uvLayer installs the locked packages of a uv project, without the project.
type uvLayer struct {
	name     string
	files    []source.File // pyproject.toml, uv.lock, and those of members of a workspace
	packages []string      // name==version, sorted, for people
	how      install
}

func (l uvLayer) input() part {
	p := newPart(l.name, requirementsPart)
	l.how.input(&p)
	p.text(source.Digest(l.files))
	for _, name := range l.packages {
		p.show(name)
	}
	return p
}

func (l uvLayer) render(r *renderer) {
	folder := r.folder("build/" + l.name)
	r.files = append(r.files, source.File{Path: folder, Type: source.Directory})
	for _, f := range l.files {
		f.Path = folder + "/" + f.Path
		r.files = append(r.files, f)
	}
	const target = "/tmp/.stack-project"
	mounts := append([]string{"--mount=type=bind,source=" + folder + ",target=" + target}, l.how.cacheMounts(r.dialect)...)
	r.blank()
	r.installs(l.input())
	r.script(mounts, l.how.secrets, "python.sh", append([]string{"sync", target}, l.how.args...)...)
}

// uvProject reads the project at path, a pyproject.toml or its folder, and its
// lock. at are the places of the settings that named them.
func (c *compiler) uvProject(name, path, lock string, how install, at []string, lockAt []string) (uvLayer, bool) {
	file := absolute(c.options.SourceRoot, path)
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		file = filepath.Join(file, "pyproject.toml")
	}
	project, err := os.ReadFile(file)
	if err != nil {
		c.fail(diag.FileUnreadable, at, "cannot read the uv project %q: %v", path, cause(err))
		return uvLayer{}, false
	}
	lockFile, shown := filepath.Join(filepath.Dir(file), "uv.lock"), "uv.lock"
	if lock != "" {
		lockFile, shown, at = absolute(c.options.SourceRoot, lock), lock, lockAt
	}
	locked, err := os.ReadFile(lockFile)
	if err != nil {
		c.fail(diag.FileUnreadable, at, "cannot read the lock %q of the uv project: %v", shown, cause(err)).
			Suggestion = "run uv lock in the project's folder, and keep uv.lock beside pyproject.toml"
		return uvLayer{}, false
	}
	packages, problem := lockedPackages(locked)
	if problem != "" {
		c.fail(diag.BadValue, at, "%q cannot be read: %s", shown, problem)
		return uvLayer{}, false
	}
	if c.options.Python != nil {
		c.said(nil, c.options.Python.CheckLock(project, locked), at)
	}
	l := uvLayer{name: name, packages: packages, how: how.project(), files: []source.File{
		source.Bytes("pyproject.toml", project, false), source.Bytes("uv.lock", locked, false),
	}}
	members, err := workspace(filepath.Dir(file), project)
	if err != nil {
		c.fail(diag.BadValue, at, "%q cannot be read: %v", path, err)
		return uvLayer{}, false
	}
	l.files = sortedFiles(withFolders(append(l.files, members...)))
	return l, true
}

// lockedPackages is the packages of a uv.lock from somewhere else than the
// project itself.
func lockedPackages(data []byte) (packages []string, problem string) {
	var lock struct {
		Version int `toml:"version"`
		Package []struct {
			Name    string         `toml:"name"`
			Version string         `toml:"version"`
			Source  map[string]any `toml:"source"`
		} `toml:"package"`
	}
	if err := toml.Unmarshal(data, &lock); err != nil {
		return nil, tomlProblem(err)
	}
	if lock.Version == 0 {
		return nil, "it is not a lock of uv"
	}
	for _, p := range lock.Package {
		if p.Source["virtual"] == nil && p.Source["editable"] == nil && p.Source["directory"] == nil {
			packages = append(packages, p.Name+"=="+p.Version)
		}
	}
	sort.Strings(packages)
	return slices.Compact(packages), ""
}

// workspace is the pyproject.toml of each member of a uv workspace, without
// which uv does not read its lock.
func workspace(root string, project []byte) ([]source.File, error) {
	if !bytes.Contains(project, []byte("tool.uv.workspace")) {
		return nil, nil
	}
	var read struct {
		Tool struct {
			UV struct {
				Workspace struct {
					Members []string `toml:"members"`
					Exclude []string `toml:"exclude"`
				} `toml:"workspace"`
			} `toml:"uv"`
		} `toml:"tool"`
	}
	if err := toml.Unmarshal(project, &read); err != nil {
		return nil, errors.New(tomlProblem(err))
	}
	excluded := map[string]bool{}
	for _, pattern := range read.Tool.UV.Workspace.Exclude {
		for _, path := range glob(root, pattern) {
			excluded[path] = true
		}
	}
	var files []source.File
	for _, pattern := range read.Tool.UV.Workspace.Members {
		for _, path := range glob(root, pattern) {
			data, err := os.ReadFile(filepath.Join(path, "pyproject.toml"))
			rel, relErr := filepath.Rel(root, path)
			if err != nil || relErr != nil || excluded[path] || rel == "." || strings.HasPrefix(rel, "..") {
				continue // as uv does
			}
			files = append(files, source.Bytes(filepath.ToSlash(rel)+"/pyproject.toml", data, false))
		}
	}
	return files, nil
}

func glob(root, pattern string) []string {
	found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
	if err != nil {
		return nil // uv says so, in the build
	}
	return found
}

// tomlProblem is what a TOML parser says, in one line.
func tomlProblem(err error) string {
	var wrong *toml.DecodeError
	if !errors.As(err, &wrong) {
		return "it is not TOML"
	}
	row, _ := wrong.Position()
	if strings.Contains(wrong.Error(), "cannot decode") { // the parser speaks of Go
		return fmt.Sprintf("line %d has another type than uv wants there", row)
	}
	return fmt.Sprintf("line %d: %s", row, strings.TrimPrefix(wrong.Error(), "toml: "))
}
