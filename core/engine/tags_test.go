package engine

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/core/stackfile"
)

// tagRack is a registry that has images, and notes what it is asked of them.
type tagRack struct {
	answering
	digests map[string]string
	asked   []string
}

func (s *tagRack) Find(_ context.Context, reference string) (string, map[string]string, error) {
	s.asked = append(s.asked, "find "+reference)
	return s.digests[reference], nil, nil
}

func (s *tagRack) Tag(_ context.Context, _, digest string, references ...string) error {
	for _, r := range references {
		s.asked = append(s.asked, "tag "+r)
		s.digests[r] = digest
	}
	return nil
}

// store is a builder with a store of its own, by reference.
type store struct {
	build.Builder
	images map[string]build.Local
	asked  []string
}

func (s *store) Find(_ context.Context, reference string) (build.Local, error) {
	s.asked = append(s.asked, "find "+reference)
	return s.images[reference], nil
}

func (s *store) Build(_ context.Context, r build.Request, _ func(build.Progress)) (build.Result, error) {
	s.asked = append(s.asked, "build "+r.Destination)
	made := build.Local{ID: "sha256:made", Platform: "linux/amd64", Labels: r.Labels}
	for _, name := range append([]string{r.Destination}, r.ExtraTags...) {
		s.images[name] = made
	}
	return build.Result{LocalID: made.ID}, nil
}

// buildingAgain builds one image that exists, with the extra tags.
func buildingAgain(t *testing.T, registry Registry, builder build.Builder, existing plan.Image, tags ...string) plan.Plan {
	t.Helper()
	existing.Action, existing.ExtraTags = plan.Reuse, tags
	e := &Engine{Root: t.TempDir(), Now: time.Now, Environ: []string{"TOKEN=x"}}
	im := &images{builder: &stackBuilder{builder: builder}, registry: registry, records: e.records(), flow: "f", stack: &stackfile.Stack{Name: "s"}}
	p := &Planned{Resolved: &plan.Resolved{}, Plan: plan.Plan{Flow: "f", Stack: "s", Images: []plan.Image{existing}}, images: im, bases: &bases{}}
	_, out, err := e.build(t.Context(), p, "run-1", func(Event) {})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A tag that is asked for after the image was built is given to the image that
// exists, and one that it has costs a look.
func TestATagForAnImageOfTheRegistry(t *testing.T) {
	existing := withSecret(t, "train", image.BuildSecret{Name: "TOKEN"})
	digest := hexDigest("d")
	existing.Digest = &digest
	for name, c := range map[string]struct {
		tags, asked []string
	}{
		"none":            {nil, nil},
		"one that it has": {[]string{"reg/app:v1"}, []string{"find reg/app:v1"}},
		"one of two":      {[]string{"reg/app:v1", "reg/app:v2"}, []string{"find reg/app:v1", "find reg/app:v2", "tag reg/app:v2"}},
		"one of another":  {[]string{"reg/app:moved"}, []string{"find reg/app:moved", "tag reg/app:moved"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := &tagRack{digests: map[string]string{existing.Reference: digest, "reg/app:v1": digest, "reg/app:moved": hexDigest("e")}}
			out := buildingAgain(t, r, nil, existing, c.tags...)
			if diff := cmp.Diff(c.asked, ownTags(r.asked)); diff != "" {
				t.Errorf("the registry was asked (-want +got):\n%s", diff)
			}
			for _, tag := range c.tags {
				if r.digests[tag] != digest {
					t.Errorf("%s is %q", tag, r.digests[tag])
				}
			}
			if out.Images[0].Action != plan.Reuse || *out.Images[0].Digest != digest {
				t.Errorf("the image is %+v", out.Images[0])
			}
		})
	}
}

// ownTags is what was asked without the tags that only serve to say why.
func ownTags(asked []string) []string {
	return slices.DeleteFunc(asked, func(s string) bool { return strings.HasPrefix(s, "tag reg/app:stack-") })
}

func TestATagForAnImageOfTheBuilder(t *testing.T) {
	existing := withSecret(t, "train", image.BuildSecret{Name: "TOKEN"})
	existing.Local, existing.LocalID, existing.Platforms = true, "sha256:there", []string{"linux/amd64"}
	there := build.Local{ID: "sha256:there", Platform: "linux/amd64", Labels: map[string]string{image.KeyLabel: existing.Key}}
	for name, c := range map[string]struct {
		tags   []string
		builds bool
	}{
		"none":            {nil, false},
		"one that it has": {[]string{"reg/app:v1"}, false},
		"one of two":      {[]string{"reg/app:v1", "reg/app:v2"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := &store{images: map[string]build.Local{existing.Reference: there, "reg/app:v1": there}}
			out := buildingAgain(t, nil, s, existing, c.tags...).Images[0]
			id := s.images[existing.Reference].ID
			for _, tag := range c.tags {
				if s.images[tag].ID != id {
					t.Errorf("%s is %q, and the image %q", tag, s.images[tag].ID, id)
				}
			}
			if built := slices.Contains(s.asked, "build "+existing.Reference); built != c.builds || out.LocalID != id || len(c.tags) == 0 && len(s.asked) > 0 {
				t.Errorf("the builder was asked %v, and the image is %s %s", s.asked, out.Action, out.LocalID)
			}
			if c.builds && !slices.Equal(out.Reasons, []string{"to add the tag reg/app:v2"}) {
				t.Errorf("it was built because of %q", out.Reasons)
			}
		})
	}
}
