package driver

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/stackrun/stack/sdk"
)

// StoreDir is the folder that an artifact store's URL names, which for a
// driver must be one on this machine.
func StoreDir(storeURL string) (string, error) {
	u, err := url.Parse(storeURL)
	if err != nil {
		return "", fmt.Errorf("artifact store %q: %w", storeURL, err)
	}
	if u.Scheme != "file" || (u.Host != "" && u.Host != "localhost") || !filepath.IsAbs(filepath.FromSlash(u.Path)) {
		return "", fmt.Errorf("artifact store %q: only folders on this machine can be used here, such as file:///home/me/store", storeURL)
	}
	return filepath.FromSlash(u.Path), nil
}

// artifacts is the part of the store that a run has.
type artifacts struct{ dir string }

func (s artifacts) path(step, output string) string {
	return filepath.Join(s.dir, SafeName(step), output)
}

// prepare makes place for a step's outputs; what an earlier attempt left goes.
func (s artifacts) prepare(step sdk.Step) ([]Output, error) {
	var out []Output
	for _, o := range step.Outputs {
		path := s.path(step.Name, o.Name)
		if err := os.RemoveAll(path); err != nil {
			return nil, fmt.Errorf("remove output %s of an earlier attempt: %w", o.Name, err)
		}
		dir := filepath.Dir(path)
		if o.Type == sdk.OutputDirectory {
			dir = path
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("make place for output %s: %w", o.Name, err)
		}
		out = append(out, Output{Name: o.Name, Type: o.Type, Path: path})
	}
	return out, nil
}

// inputs finds what a step takes in.
func (s artifacts) inputs(step sdk.Step) ([]Input, error) {
	var out []Input
	for _, in := range step.Inputs {
		input := Input{Name: in.Name, Many: in.Many}
		for _, source := range in.Sources {
			path := s.path(source.Step, source.Output)
			if _, err := os.Stat(path); err != nil {
				if errors.Is(err, fs.ErrNotExist) {
					// With "when: always" the step that makes it may have failed.
					continue
				}
				return nil, fmt.Errorf("input %s: %w", in.Name, err)
			}
			input.Sources = append(input.Sources, InputSource{Entry: source.Entry, Path: path})
		}
		if len(input.Sources) == 0 && !in.Many && step.When != sdk.WhenAlways && step.When != sdk.WhenFailed {
			return nil, fmt.Errorf("input %s: its source is no longer in the artifact store", in.Name)
		}
		out = append(out, input)
	}
	return out, nil
}

// check finds declared outputs that a successful step has not made.
func (s artifacts) check(outputs []Output) error {
	for _, o := range outputs {
		info, err := os.Stat(o.Path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("output %s was not made: write it to the path in $STACK_OUTPUT_%s", o.Name, sdk.Variable(o.Name))
		case err != nil:
			return fmt.Errorf("output %s: %w", o.Name, err)
		case o.Type == sdk.OutputDirectory && !info.IsDir():
			return fmt.Errorf("output %s is declared a directory and is a file", o.Name)
		case o.Type != sdk.OutputDirectory && info.IsDir():
			return fmt.Errorf("output %s is declared a file and is a directory", o.Name)
		}
	}
	return nil
}
