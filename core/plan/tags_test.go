package plan

import (
	"strings"
	"testing"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/core/source"
	"github.com/stackrun/stack/core/stackfile"
)

// One tag for two images is told at the second one's image_tag, with a way out.
func TestOneTagForTwoImages(t *testing.T) {
	for name, c := range map[string]struct{ flow, at string }{
		"of two steps": {"steps:\n  a: {run: x, image: {user: app, image_tag: v1}}\n  b: {run: x, image: {user: root, image_tag: v1}}\n", "flow.yaml:5:46"},
		"of the flow":  {"image: {image_tag: v1}\nsteps:\n  a: {run: x, image: {user: app}}\n  b: {run: x, image: {user: root}}\n", "flow.yaml:3:20"},
		"of one image": {"image: {image_tag: v1}\nsteps:\n  a: {run: x}\n  b: {run: x}\n", ""},
		"two tags":     {"steps:\n  a: {run: x, image: {user: app, image_tag: v1}}\n  b: {run: x, image: {user: root, image_tag: v2}}\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f, list := flow.Parse("flow.yaml", []byte("version: 1\nname: f\n"+c.flow))
			if list.HasErrors() {
				t.Fatal(list)
			}
			r, list := Resolve(f, &stackfile.Stack{}, Layers{}, nil)
			if list.HasErrors() {
				t.Fatal(list)
			}
			m := &maker{resolved: r, in: Input{SourceRoot: t.TempDir()}, list: diag.List{}, seen: map[string]bool{}, trees: map[string]*source.Tree{}}
			all, _, err := keyed(t.Context(), allThere{}, m.describe(t.Context()))
			if err != nil || m.list.HasErrors() {
				t.Fatal(err, m.list)
			}
			found := m.checkTags(all)
			switch {
			case c.at == "" && len(found) == 0:
			case c.at == "" || len(found) != 1:
				t.Errorf("found is %v", found)
			default:
				d := found[0]
				if d.Code != diag.TagTwice || d.Range == nil || d.Range.String() != c.at || d.Suggestion == "" || !strings.Contains(d.Detail, "for a, the other for b") {
					t.Errorf("%+v at %v", d, d.Range)
				}
			}
		})
	}
}
