package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/image"
)

func TestChanges(t *testing.T) {
	one, two := "sha256:1", "sha256:2"
	built := func(key, requirement string) Image {
		return Image{Key: key, Reference: "reg/app:" + key, Inputs: image.Inputs{"requirements": "r" + key + "\n" + requirement}}
	}
	for name, c := range map[string]struct {
		was, is Image
		want    []string
	}{
		"the same key":          {built("a", "torch==1"), built("a", "torch==1"), nil},
		"another key":           {built("a", "torch==1"), built("b", "torch==2"), []string{"~ requirements (torch 1 → 2)"}},
		"nothing known of it":   {Image{Key: "a"}, Image{Key: "b"}, []string{"~ image (another key)"}},
		"as it is, the same":    {Image{Reference: "x:1", Digest: &one}, Image{Reference: "x:1", Digest: &one}, nil},
		"as it is, not known":   {Image{Reference: "x:1", Digest: &one}, Image{Reference: "x:1"}, nil},
		"as it is, a moved tag": {Image{Reference: "x:1", Digest: &one}, Image{Reference: "x:1", Digest: &two}, []string{"~ image x:1 (sha256:1 → sha256:2)"}},
		"as it is, another":     {Image{Reference: "x:1", Digest: &one}, Image{Reference: "y:1", Digest: &one}, []string{"~ image (x:1 → y:1)"}},
		"built now":             {Image{Reference: "x:1"}, built("a", "torch==1"), []string{"~ image (x:1 as it is → built)"}},
		"as it is now":          {built("a", "torch==1"), Image{Reference: "x:1"}, []string{"~ image (built → x:1 as it is)"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Changes(c.was, c.is)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestOnlyNamed: naming a build in the flow changes the flow's file, which is
// part of the source; that alone is no difference to be warned of.
func TestOnlyNamed(t *testing.T) {
	in := &Pinned{FlowFile: "sub/flow.yaml"}
	for reason, want := range map[string]bool{"~ source (sub/flow.yaml)": true, "~ source (sub/flow.yaml, a.py)": false, "~ source": false, "~ source (flow.yaml)": false} {
		if got := in.onlyNamed([]string{reason}); got != want {
			t.Errorf("%s: %v", reason, got)
		}
	}
	if in.onlyNamed([]string{"~ source (sub/flow.yaml)", "~ user (a → b)"}) {
		t.Error("another difference beside it")
	}
	if (&Pinned{}).onlyNamed([]string{"~ source (flow.yaml)"}) {
		t.Error("the command line changes no file")
	}
}
