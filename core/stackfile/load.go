package stackfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/stackrun/stack/core/diag"
)

// FileName is the name that is looked for.
const FileName = "stacks.hcl"

// largestStacks is the size from which on a file is surely not what was meant.
const largestStacks = 16 << 20

// Options is where the stacks are and what they are evaluated with.
type Options struct {
	Path    string // of --file; empty: FileName is looked for from From upwards
	From    string // the flow's folder; WorkDir where empty
	WorkDir string // absolute; paths are relative to it, and named so in diagnostics
	Vars    []string
	// LookupEnv reads the caller's environment: STACK_VAR_name and env("X").
	// nil is an empty environment.
	LookupEnv func(string) (string, bool)
}

// Load reads stacks.hcl and the *.stackvars.hcl beside it. Without a file it
// gives the built-in stacks. Its diagnostics are about the file's structure;
// what a stack's expressions evaluate to is seen by File.Stack. The File is nil
// only when nothing could be read.
func Load(o Options) (*File, diag.List) {
	if o.LookupEnv == nil {
		o.LookupEnv = func(string) (string, bool) { return "", false }
	}
	path := o.Path
	if path == "" {
		from := o.absolute(o.From)
		found, err := Discover(from)
		if err != nil {
			return nil, diag.List{diag.New(diag.FileUnreadable, "cannot look for %s: %v", FileName, err)}
		}
		path = found
	}
	f := newFile(o.LookupEnv)
	var list diag.List
	if path != "" {
		text, problem := o.read(path)
		if problem != nil {
			return nil, diag.List{*problem}
		}
		f.Path, f.dir = o.display(path), filepath.Dir(o.absolute(path))
		f.functions = functions(f.dir, o.LookupEnv)
		list = append(list, f.add(newSource(f.Path, text, true))...)
	}
	list = append(list, f.addBuiltin()...)
	list = append(list, f.checkInherits()...)
	list = append(list, f.readVars(o)...)
	return f, list
}

// Parse reads the text of a stacks.hcl that is in the folder dir and is called
// name, without any *.stackvars.hcl.
func Parse(name, dir string, text []byte, vars []string, lookupEnv func(string) (string, bool)) (*File, diag.List) {
	if lookupEnv == nil {
		lookupEnv = func(string) (string, bool) { return "", false }
	}
	f := newFile(lookupEnv)
	f.Path, f.dir = name, dir
	f.functions = functions(dir, lookupEnv)
	list := f.add(newSource(name, text, true))
	list = append(list, f.addBuiltin()...)
	list = append(list, f.checkInherits()...)
	return f, append(list, f.readFlags(vars)...)
}

// Discover is the absolute path of the nearest FileName in dir or above it,
// or empty where there is none.
func Discover(dir string) (string, error) {
	for {
		path := filepath.Join(dir, FileName)
		info, err := os.Stat(path)
		switch {
		case err == nil && !info.IsDir():
			return path, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission):
			return "", err
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", nil
		}
		dir = parent
	}
}

// read is the text of a file, or the diagnostic that says why not.
func (o Options) read(path string) ([]byte, *diag.Diagnostic) {
	fail := func(d diag.Diagnostic) ([]byte, *diag.Diagnostic) { return nil, &d }
	info, err := os.Stat(o.absolute(path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fail(diag.New(diag.FileNotFound, "%s does not exist", o.display(path)))
	case err != nil:
		return fail(diag.New(diag.FileUnreadable, "cannot read %s: %v", o.display(path), plainPathError(err)))
	case info.IsDir():
		return fail(diag.New(diag.FileUnreadable, "%s is a folder", o.display(path)).Try("name the file in it, such as " + filepath.Join(path, FileName)))
	case info.Size() > largestStacks:
		return fail(diag.New(diag.FileUnreadable, "%s is larger than 16 MiB", o.display(path)))
	}
	text, err := os.ReadFile(o.absolute(path))
	if err != nil {
		return fail(diag.New(diag.FileUnreadable, "cannot read %s: %v", o.display(path), plainPathError(err)))
	}
	return text, nil
}

func (o Options) absolute(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(o.WorkDir, path)
}

// display is path as the user would name it: relative to the working directory
// where it is below it, else as it was given or found.
func (o Options) display(path string) string {
	rel, err := filepath.Rel(o.WorkDir, o.absolute(path))
	if err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return rel
	}
	return path
}

// varFiles are the *.stackvars.hcl beside the file, sorted by name.
func (f *File) varFiles() ([]string, error) {
	if f.dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".stackvars.hcl") && !e.IsDir() {
			paths = append(paths, filepath.Join(f.dir, e.Name()))
		}
	}
	sort.Strings(paths)
	return paths, nil
}
