package pluginhost

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strings"

	"github.com/stackrun/stack/core/diag"
)

// Kind is what a plugin does; it is part of its executable's name.
type Kind string

const (
	Orchestrator Kind = "orchestrator"
	Builder      Kind = "builder"
)

// Plugin is an executable that was found. It has not been started: an
// executable is never run to learn what it is.
type Plugin struct {
	Kind     Kind
	Name     string
	Path     string // absolute
	Override bool   // named by the user for this invocation
}

// String is how messages name the plugin before its version is known.
func (p Plugin) String() string { return fmt.Sprintf("%s plugin %s", p.Kind, p.Name) }

// FindOptions says where to look.
type FindOptions struct {
	// Overrides are paths by plugin name, from --plugin. A name is that of an
	// orchestrator unless the file's own name begins with "stack-builder-";
	// "builder.NAME" and "orchestrator.NAME" leave no doubt.
	Overrides map[string]string
	// BinDir is the folder of the stack executable.
	BinDir string
}

// Find looks for a plugin: an override first, then beside the stack
// executable. It never looks in the working directory or in PATH, where a
// repository or another program could put something under the name. The error
// is a *diag.Failure that lists what there is.
func Find(kind Kind, name string, o FindOptions) (Plugin, error) {
	if !validName().MatchString(name) {
		return Plugin{}, diag.Fail(diag.PluginNotFound,
			fmt.Errorf("%q is not the name of a plugin", name),
			"Names are lower-case letters, digits, \"-\" and \"_\"; a path is given with --plugin NAME=PATH.")
	}
	if path, ok := override(kind, name, o.Overrides); ok {
		absolute, err := filepath.Abs(path)
		if err == nil {
			err = executable(absolute)
		}
		if err != nil {
			return Plugin{}, diag.Fail(diag.PluginNotFound,
				fmt.Errorf("%s plugin %s: --plugin %s=%s: %w", kind, name, name, path, err),
				"Give the path of the plugin's executable.")
		}
		return Plugin{Kind: kind, Name: name, Path: absolute, Override: true}, nil
	}
	path := filepath.Join(o.BinDir, prefix(kind)+name+suffix())
	err := executable(path)
	if err == nil {
		return Plugin{Kind: kind, Name: name, Path: path}, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return Plugin{}, diag.Fail(diag.PluginNotFound, fmt.Errorf("%s plugin %s: %s: %w", kind, name, path, err), "")
	}
	return Plugin{}, diag.Fail(diag.PluginNotFound,
		fmt.Errorf("%s plugin %q does not exist", kind, name), hint(kind, name, o.BinDir))
}

// Installed is the names of the plugins beside the stack executable, sorted.
func Installed(kind Kind, binDir string) []string {
	entries, err := os.ReadDir(binDir)
	if err != nil {
		return nil // what cannot be listed cannot be run from there either
	}
	var names []string
	for _, entry := range entries {
		name, ok := strings.CutPrefix(entry.Name(), prefix(kind))
		if !ok {
			continue
		}
		name, ok = strings.CutSuffix(name, suffix())
		if ok && validName().MatchString(name) && executable(filepath.Join(binDir, entry.Name())) == nil {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

func hint(kind Kind, name, binDir string) string {
	installed := Installed(kind, binDir)
	have := "none is there"
	if len(installed) > 0 {
		have = "there are: " + strings.Join(installed, ", ")
	}
	text := fmt.Sprintf("Put %s%s%s into %s (%s), or pass --plugin %s=PATH.", prefix(kind), name, suffix(), binDir, have, name)
	if meant := diag.DidYouMean(name, installed); meant != "" {
		return meant + "\n" + text
	}
	return text
}

func override(kind Kind, name string, overrides map[string]string) (string, bool) {
	if path, ok := overrides[string(kind)+"."+name]; ok {
		return path, true
	}
	path, ok := overrides[name]
	if !ok {
		return "", false
	}
	isBuilder := strings.HasPrefix(filepath.Base(path), prefix(Builder))
	return path, isBuilder == (kind == Builder)
}

// executable says what keeps path from being run, or nil.
func executable(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return os.ErrNotExist
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("it is not a file")
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o111 == 0:
		return errors.New("it is not executable; run chmod +x on it")
	}
	return nil
}

func validName() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`) }

func prefix(kind Kind) string { return "stack-" + string(kind) + "-" }

func suffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}
