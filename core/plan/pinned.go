package plan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
)

// Pinned is a build whose images are used as they are, whatever the settings
// and the code would make now.
type Pinned struct {
	Build string // its id
	// Images is the build's, with their digests and the steps of this flow that
	// use them: every step has one. They exist.
	Images []Image
	At     diag.Range // where the build was named
	// FlowFile is the flow from the source root, where it is the flow that names
	// the build.
	FlowFile string
}

// Reason is why an image of a build is used.
func (p *Pinned) Reason() string { return "build " + p.Build }

// Repositories is where the images of a flow's steps are kept, each once; none
// where they stay with the builder.
func Repositories(r *Resolved) []string {
	m := maker{resolved: r}
	var out []string
	for _, d := range r.Steps {
		if p := m.placeOf(d.Settings.Image); !p.local {
			out = appendNew(out, p.repository)
		}
	}
	return out
}

// pinned is the images of the build, and which one each step has. What the
// present settings would make is only compared with them: a mistake in it is a
// warning, since nothing is made of it.
func (m *maker) pinned(ctx context.Context) ([]Image, map[string]int) {
	p := m.in.Pinned
	images := slices.Clone(p.Images)
	of := map[string]int{}
	for i := range images {
		images[i].pinned = true
		images[i].Reasons = []string{p.Reason()}
		for _, s := range images[i].Steps {
			of[s] = i
		}
	}
	present, at, err := m.present(ctx)
	if err != nil {
		for _, d := range diag.FromError(err) {
			m.addOnce(diag.List{d.AsWarning()})
		}
		m.list = append(m.list, diag.At(p.At, diag.SettingIgnored, "how the images of build %s differ from the present settings is not known", p.Build).AsWarning())
		return images, of
	}
	m.warnOfDifferences(images, of, present, at)
	for i, im := range images {
		now := present[at[im.Steps[0]]]
		if im.Action == Use && now.Action == Use {
			images[i].Description = now.Description // nothing was built that could hold the steps' environment
		}
	}
	return images, of
}

// present is what the settings and the code would make now.
func (m *maker) present(ctx context.Context) ([]Image, map[string]int, error) {
	now := maker{resolved: m.resolved, in: m.in, list: diag.List{}, seen: map[string]bool{}, trees: m.trees, secrets: m.secrets}
	all := now.describe(ctx)
	if err := now.list.Err(); err != nil {
		return nil, nil, err
	}
	return keyed(ctx, m.in.Images, all)
}

// warnOfDifferences says which of the flow's images are not what they would be
// now, once for all steps that differ in the same.
func (m *maker) warnOfDifferences(images []Image, of map[string]int, present []Image, at map[string]int) {
	steps := map[string][]string{} // by what differs
	var order []string
	for _, d := range m.resolved.Steps {
		reasons := Changes(images[of[d.Step.Name]], present[at[d.Step.Name]])
		if len(reasons) == 0 || m.in.Pinned.onlyNamed(reasons) {
			continue
		}
		text := strings.Join(reasons, "\n")
		if steps[text] == nil {
			order = append(order, text)
		}
		steps[text] = append(steps[text], d.Step.Name)
	}
	for _, text := range order {
		m.list = append(m.list, diag.At(m.in.Pinned.At, diag.SettingIgnored,
			"build %s is used for %s as it is: what has changed since does not count", m.in.Pinned.Build, diag.Few(steps[text])).
			Because("%s", text).Try("run the flow without the build to use it").AsWarning())
	}
}

// onlyNamed reports whether all that differs is the flow's own file, which
// naming the build in it has changed.
func (p *Pinned) onlyNamed(reasons []string) bool {
	return p.FlowFile != "" && len(reasons) == 1 && reasons[0] == "~ source ("+p.FlowFile+")"
}

// Changes says how two images differ, in the words of image.Reasons; nothing
// where they are the same.
func Changes(was, is Image) []string {
	switch {
	case was.Key == "" && is.Key == "":
		if was.Reference == is.Reference && sameDigest(was.Digest, is.Digest) {
			return nil
		}
		if was.Reference == is.Reference {
			return []string{fmt.Sprintf("~ image %s (%s → %s)", was.Reference, *was.Digest, *is.Digest)}
		}
		return []string{fmt.Sprintf("~ image (%s → %s)", was.Reference, is.Reference)}
	case was.Key == is.Key:
		return nil
	case was.Key == "":
		return []string{fmt.Sprintf("~ image (%s as it is → built)", was.Reference)}
	case is.Key == "":
		return []string{fmt.Sprintf("~ image (built → %s as it is)", is.Reference)}
	}
	if reasons := image.Reasons(was.Inputs, is.Inputs); len(reasons) > 0 {
		return reasons
	}
	return []string{"~ image (another key)"}
}

func sameDigest(a, b *string) bool { return a == nil || b == nil || *a == *b }

// variables is what the image's settings put into the environment of a step. Of
// an image of a build only the names are known, and that it has them.
func (im Image) variables() map[string]string {
	if !im.pinned || im.Key == "" {
		return im.Description.Environment()
	}
	own := map[string]string{}
	for _, name := range im.Variables {
		own[name] = ""
	}
	return own
}

// pinnedCode says which code is in an image of a build.
func (m *maker) pinnedCode(im Image) Code {
	if _, has := im.Inputs["source"]; has {
		return Code{From: "image", Reason: "as it was in " + m.in.Pinned.Reason()}
	}
	return Code{From: "none", Reason: "the image of " + m.in.Pinned.Reason() + " has no source"}
}
