package plan

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
)

// Images answers what plans ask about images that exist.
type Images interface {
	// Digests gives the digest of each reference for all platforms. References
	// that do not exist, or not for the platforms, are BaseProblems.
	Digests(ctx context.Context, references, platforms []string) (map[string]string, error)

	// Find looks for an image by its reference, whose tag is its key.
	Find(ctx context.Context, im Image) (Found, error)

	// Previous is the inputs of the image that this flow's step last used on
	// this stack, or nil. It only serves to say why an image is built.
	Previous(ctx context.Context, im Image) image.Inputs
}

// Found is an image that exists. Its zero value is one that does not.
type Found struct {
	Exists  bool
	Digest  string // in the registry
	LocalID string // in the builder's own store
}

// described is a step's image before it is known whether it exists.
type described struct {
	step  string
	image image.Image
	place place
	at    diag.Range // where its base was written
	// secrets is where its build secrets were written.
	secrets diag.Range
}

// place is where an image is kept.
type place struct {
	repository string // without a tag
	local      bool   // in the builder's own store
	tag        string // the user's own, or empty
	force      bool
}

// keyed gives every description its digests and key, and joins steps whose
// images are the same.
func keyed(ctx context.Context, images Images, all []described) ([]Image, map[string]int, error) {
	digests, err := resolveBases(ctx, images, all)
	if err != nil {
		return nil, nil, err
	}
	var out []Image
	index := map[string]int{} // by identity
	of := map[string]int{}    // by step
	for _, d := range all {
		pinned := d.image.Pin(digests)
		im := Image{Description: pinned, Platforms: pinned.Platforms(), Local: d.place.local, Force: d.place.force}
		if reference, digest := pinned.Base(); reference != "" {
			im.Base = &Base{Reference: reference, Digest: digest}
		}
		if pinned.Action() == image.ActionUse {
			im.Action, im.Reference = Use, im.Base.Reference
			if im.Base.Digest != "" {
				im.Digest = &im.Base.Digest
			}
			im.Reasons = []string{"taken as it is"}
		} else {
			im.Action = Build
			if im.Key, im.Inputs, err = pinned.Key(); err != nil {
				return nil, nil, fmt.Errorf("key of the image of step %s: %w", d.step, err)
			}
			im.Reference = d.place.repository + ":" + im.Key
		}
		identity := string(im.Action) + " " + im.Reference + " " + strings.Join(im.Platforms, ",")
		at, known := index[identity]
		if !known {
			at = len(out)
			index[identity] = at
			out = append(out, im)
		}
		if problem := twoValues(out[at], d); problem != nil {
			return nil, nil, diag.List{*problem}
		}
		out[at].Steps = append(out[at].Steps, d.step)
		out[at].Force = out[at].Force || d.place.force
		if d.place.tag != "" && im.Action == Build {
			out[at].ExtraTags = appendNew(out[at].ExtraTags, d.place.repository+":"+d.place.tag)
		}
		of[d.step] = at
	}
	return out, of, nil
}

// twoValues refuses a step that would share im, of another step, and reads a
// secret of its build from another file: where a value comes from is in no key,
// so that one of the two would be built with the other's.
func twoValues(im Image, d described) *diag.Diagnostic {
	files := map[string]string{}
	for _, s := range im.Description.Secrets() {
		files[s.Name] = s.File
	}
	for _, s := range d.image.Secrets() {
		if file, shared := files[s.Name]; shared && file != s.File {
			p := diag.New(diag.Conflict, "steps %s and %s share one image, and read its secret %s from two places", strings.Join(im.Steps, ", "), d.step, s.Name).
				Because("The key of an image has the names of secrets, and neither their values nor their files.").
				Try("give the secrets two names, or read them from one place")
			if d.secrets != (diag.Range{}) {
				p.Range = &d.secrets
			}
			return &p
		}
	}
	return nil
}

func appendNew(list []string, item string) []string {
	if slices.Contains(list, item) {
		return list
	}
	return append(list, item)
}

// resolveBases asks for the digests of all bases at once, for each set of
// platforms apart.
func resolveBases(ctx context.Context, images Images, all []described) (map[string]string, error) {
	byPlatforms := map[string]map[string]bool{}
	for _, d := range all {
		platforms := strings.Join(d.image.Platforms(), ",")
		for _, reference := range d.image.References() {
			if byPlatforms[platforms] == nil {
				byPlatforms[platforms] = map[string]bool{}
			}
			byPlatforms[platforms][reference] = true
		}
	}
	digests := map[string]string{}
	for platforms, set := range byPlatforms {
		var references []string
		for r := range set {
			references = append(references, r)
		}
		sort.Strings(references)
		found, err := images.Digests(ctx, references, strings.Split(platforms, ","))
		if err != nil {
			return nil, placed(err, all)
		}
		for r, d := range found {
			digests[r] = d
		}
	}
	return digests, nil
}

// look says for each image that would be built whether it exists already,
// and why it is built where it does not.
func look(ctx context.Context, images Images, all []Image) ([]Image, error) {
	out := append([]Image(nil), all...)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(16) // registries answer many questions at once; be kind
	for i := range out {
		if out[i].Action != Build {
			continue
		}
		group.Go(func() error {
			im := &out[i]
			if im.Force {
				im.Reasons = []string{"asked for: reuse is prevented"}
				return nil
			}
			found, err := images.Find(ctx, *im)
			if err != nil {
				return err
			}
			if found.Exists {
				im.Action, im.LocalID = Reuse, found.LocalID
				if found.Digest != "" {
					im.Digest = &found.Digest
				}
				im.Reasons = []string{"an image with this key exists"}
				return nil
			}
			im.Previous = images.Previous(ctx, *im)
			im.Reasons = image.Reasons(im.Previous, im.Inputs)
			if len(im.Reasons) == 0 {
				im.Reasons = []string{"no image with this key exists"}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return out, nil
}

// checkTags refuses one tag for two images.
func (m *maker) checkTags(all []Image) diag.List {
	var problems diag.List
	owner := map[string]Image{}
	for _, im := range all {
		for _, tag := range im.ExtraTags {
			if other, taken := owner[tag]; taken {
				d := diag.New(diag.TagTwice, "two images have the tag %s", tag).
					Because("One is for %s, the other for %s.", strings.Join(other.Steps, ", "), strings.Join(im.Steps, ", ")).
					Try("give each of the two an image_tag of its own, at its step, or leave image_tag away")
				if at := m.tagPlace(im, tag); at.File != "" {
					d.Range = &at
				}
				problems = append(problems, d)
			}
			owner[tag] = im
		}
	}
	return problems
}

// tagPlace is where the tag of an image was written.
func (m *maker) tagPlace(im Image, tag string) diag.Range {
	for _, d := range m.resolved.Steps {
		if p := m.placeOf(d.Settings.Image); slices.Contains(im.Steps, d.Step.Name) && p.repository+":"+p.tag == tag {
			return rangeIn(d.Tree, "image", "image_tag")
		}
	}
	return diag.Range{}
}
