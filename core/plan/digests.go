package plan

import (
	"strings"

	"github.com/stackrun/stack/sdk"
)

// WithDigests is p with the digests of its images in the workflow's steps.
func WithDigests(p Plan) Plan {
	of := map[string]Image{}
	for _, im := range p.Images {
		for _, s := range im.Steps {
			of[s] = im
		}
	}
	steps := append([]sdk.Step(nil), p.Workflow.Steps...)
	for i := range steps {
		if im, ok := of[steps[i].Name]; ok && steps[i].Image != nil {
			steps[i].Image = imageRef(im)
		}
	}
	p.Workflow.Steps = steps
	return p
}

// Placed is p with another answer of the plugin.
func Placed(p Plan, placed sdk.Plan) Plan {
	p.Steps = append([]Step(nil), p.Steps...)
	apply(&p, placed)
	return p
}

// WithoutImages is the placements and documents of p with the names of images
// taken out, which are all that building may change.
func WithoutImages(p Plan) Plan {
	var pairs []string
	for _, s := range p.Workflow.Steps {
		if s.Image != nil {
			pairs = append(pairs, s.Image.Pinned(), "IMAGE OF "+s.Name)
		}
	}
	names := strings.NewReplacer(pairs...)
	out := Plan{}
	for _, s := range p.Steps {
		out.Steps = append(out.Steps, Step{Name: s.Name, Placement: s.Placement})
	}
	for _, d := range p.Documents {
		d.Content = names.Replace(d.Content)
		out.Documents = append(out.Documents, d)
	}
	return out
}
