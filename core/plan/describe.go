package plan

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/core/source"
	"github.com/stackrun/stack/core/stackfile"
)

// describe compiles each step's image.
func (m *maker) describe(ctx context.Context) []described {
	var all []described
	for _, d := range m.resolved.Steps {
		rangeOf := imageRanges(d)
		found := diag.List{}
		if m.in.CheckImage != nil {
			found = append(found, m.in.CheckImage(d.Settings.Image, rangeOf)...)
		}
		tree, err := m.tree(ctx, d.Settings.Image)
		if err != nil {
			found = append(found, diag.FromError(err)...)
		}
		im, problems := image.Compile(d.Settings.Image, image.Options{
			SourceRoot: m.in.SourceRoot, Tree: tree, Lookup: m.in.Lookup, Mirrors: m.mirrors(),
			StackRequirements: texts(m.resolved.Stack.Requirements), StackRequirementRanges: ranges(m.resolved.Stack.Requirements),
			StackAptPackages: texts(m.resolved.Stack.AptPackages), Integrations: m.integrations(), Python: m.in.Python, SecretFiles: m.secrets, RangeOf: rangeOf,
			Scan: func(o source.Options) (*source.Tree, error) {
				o.Never = m.secretsBelow(o.Root)
				o.IndexFile = m.indexFile("context-" + o.Root + o.IgnoreFile)
				return source.Scan(ctx, o)
			},
		})
		if found = append(found, problems...); !found.HasErrors() {
			found = append(found, checkGPU(d, im)...)
		}
		m.addOnce(found)
		at := rangeOf("base_image")
		if d.Settings.Image.Dockerfile != "" {
			at = rangeOf("dockerfile")
		}
		all = append(all, described{step: d.Step.Name, image: im, place: m.placeOf(d.Settings.Image), at: at, secrets: rangeOf("build_secrets")})
	}
	return all
}

// tree is the source as the image's settings would include it, or nil where
// they leave it out.
func (m *maker) tree(ctx context.Context, s image.Settings) (*source.Tree, error) {
	if !s.IncludesSource() {
		return nil, nil
	}
	ignore := s.Dockerignore
	if ignore != "" && !filepath.IsAbs(ignore) {
		ignore = filepath.Join(m.in.SourceRoot, ignore)
	}
	if ignore != "" {
		if _, err := os.ReadFile(ignore); err != nil {
			return nil, nil // Compile tells of it, at the setting
		}
	}
	secrets := m.secretsBelow(m.in.SourceRoot)
	which := strings.Join(append([]string{ignore}, secrets...), "\n")
	if tree, ok := m.trees[which]; ok {
		return tree, nil
	}
	tree, err := source.Scan(ctx, source.Options{Root: m.in.SourceRoot, IgnoreFile: ignore, Exclude: m.in.NotSource, Never: secrets, IndexFile: m.indexFile("source-" + which)})
	if err != nil {
		return nil, err
	}
	m.list = append(m.list, tree.Warnings()...)
	m.trees[which] = tree
	return tree, nil
}

// secretsBelow is the files below root that build secrets of any step are read
// from: whatever an ignore file says, they are copied into no step's image.
func (m *maker) secretsBelow(root string) []string {
	roots := []string{root}
	if followed, err := filepath.EvalSymlinks(root); err == nil && followed != root {
		roots = append(roots, followed)
	}
	var all []string
	for file := range m.secrets {
		for _, from := range roots {
			if rel, err := filepath.Rel(from, file); err == nil && filepath.IsLocal(rel) {
				all = append(all, filepath.ToSlash(rel))
			}
		}
	}
	slices.Sort(all)
	return all
}

// secretFiles is the names of the build secrets of all steps by the files that
// they are read from.
func secretFiles(r *Resolved, sourceRoot string) map[string]string {
	files := map[string]string{}
	for i := range r.Steps {
		r.Steps[i].Settings.Image.SecretFiles(files, sourceRoot)
	}
	return files
}

func (m *maker) integrations() map[string]image.Integration {
	all := map[string]image.Integration{}
	for _, i := range m.resolved.Stack.Integrations {
		all[i.Name] = image.Integration{Requirements: texts(i.Requirements), AptPackages: texts(i.AptPackages)}
	}
	return all
}

func (m *maker) mirrors() map[string]string {
	out := map[string]string{}
	for _, mirror := range m.resolved.Stack.RegistryMirrors {
		out[mirror.Registry] = mirror.Mirror
	}
	return out
}

func ranges(values []*settings.Value) []diag.Range {
	var all []diag.Range
	for _, v := range values {
		all = append(all, v.Range)
	}
	return all
}

func texts(values []*settings.Value) []string {
	var out []string
	for _, v := range values {
		out = append(out, v.Text)
	}
	return out
}

// imageRanges finds where the image settings of a step were written.
func imageRanges(d Decided) func(path ...string) diag.Range {
	return func(path ...string) diag.Range { return rangeIn(d.Tree, append([]string{"image"}, path...)...) }
}

// rangeIn is where the value at path was written, or the nearest one around it.
func rangeIn(tree *settings.Value, path ...string) diag.Range {
	return stackfile.RangeIn(tree, path)
}
