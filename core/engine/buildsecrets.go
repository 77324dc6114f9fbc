package engine

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/core/settings"
)

// largestSecret is what engines take as the value of a build secret, in bytes.
const largestSecret = 500 << 10

// secretSource is where a secret's value comes from: two steps may read one
// name from two files.
type secretSource struct{ name, file string }

func sourceOf(s image.BuildSecret) secretSource { return secretSource{s.Name, s.File} }

// buildSecrets is the values of the secrets that the images to be built need,
// by where they come from. What is missing is told at the places that ask for
// it.
func (e *Engine) buildSecrets(r *plan.Resolved, images []plan.Image) (map[secretSource][]byte, diag.List) {
	values := map[secretSource][]byte{}
	var missing diag.List
	told := map[secretSource]bool{}
	for _, im := range images {
		if im.Action != plan.Build {
			continue
		}
		for _, s := range im.Description.Secrets() {
			if _, have := values[sourceOf(s)]; have || told[sourceOf(s)] {
				continue
			}
			value, err := e.secretValue(s)
			if err == nil {
				values[sourceOf(s)] = value
				continue
			}
			told[sourceOf(s)] = true
			d := diag.New(diag.SecretMissing, "build secret %s: %v", s.Name, err).Try(secretHint(s))
			if at := secretRange(r, im.Steps, s.Name); at != (diag.Range{}) {
				d.Range = &at
			}
			missing = append(missing, d)
		}
	}
	return values, missing
}

// secretValue looks a secret up: in its file, or in the environment, which is
// the secret store of stacks that name no other.
func (e *Engine) secretValue(s image.BuildSecret) ([]byte, error) {
	if s.File == "" {
		value, ok := e.LookupEnv(s.Name)
		switch {
		case !ok:
			return nil, fmt.Errorf("the environment has no variable %s", s.Name)
		case value == "":
			return nil, fmt.Errorf("the environment variable %s is empty", s.Name)
		case len(value) > largestSecret:
			return nil, fmt.Errorf("it is larger than %d bytes", largestSecret)
		}
		return []byte(value), nil
	}
	path := s.File
	if !filepath.IsAbs(path) {
		path = filepath.Join(e.Root, path)
	}
	f, err := os.Open(path)
	if err != nil {
		var cause *os.PathError
		if errors.As(err, &cause) {
			err = cause.Err
		}
		return nil, fmt.Errorf("cannot read the file %q: %w", s.File, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, largestSecret+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot read the file %q: %w", s.File, err)
	case len(data) == 0:
		return nil, fmt.Errorf("the file %q is empty", s.File)
	case len(data) > largestSecret:
		return nil, fmt.Errorf("the file %q is larger than %d bytes", s.File, largestSecret)
	}
	return data, nil
}

func secretHint(s image.BuildSecret) string {
	if s.File != "" {
		return "write the value into the file, or name another one"
	}
	return "set the variable " + s.Name + ", or give the secret a file"
}

// secretRange is where one of the steps asks for a build secret.
func secretRange(r *plan.Resolved, steps []string, name string) diag.Range {
	in := map[string]bool{}
	for _, s := range steps {
		in[s] = true
	}
	for _, d := range r.Steps {
		tree := d.Tree.Get("image")
		if !in[d.Step.Name] || tree == nil {
			continue
		}
		lists := []*settings.Value{tree.Get("build_secrets")}
		if layers := tree.Get("layers"); layers != nil {
			for _, l := range layers.Items {
				lists = append(lists, l.Get("secrets"))
			}
		}
		for _, list := range lists {
			if list == nil {
				continue
			}
			for _, item := range list.Items {
				if n := item.Get("name"); item.Text == name || n != nil && n.Text == name {
					return item.Range
				}
			}
		}
	}
	return diag.Range{}
}
