package engine

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/core/stackfile"
)

// tagged is a registry of nothing but tags on labels.
type tagged struct {
	Registry
	mu     sync.Mutex
	labels map[string]map[string]string // by reference or digest
	asked  int
	down   bool
}

func (r *tagged) Find(_ context.Context, reference string) (string, map[string]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if r.down {
		return "", nil, errors.New("down")
	}
	return "", r.labels[reference], nil
}

func (r *tagged) Tag(_ context.Context, _, digest string, references ...string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if r.down {
		return errors.New("down")
	}
	for _, to := range references {
		r.labels[to] = r.labels[digest]
	}
	return nil
}

// TestPreviousOfATeam: what the registry says counts where it came after what
// this machine knows, and nothing that it does is an error.
func TestPreviousOfATeam(t *testing.T) {
	registry := &tagged{labels: map[string]map[string]string{}}
	machine := func() *images {
		return &images{registry: registry, records: build.Records{Dir: filepath.Join(t.TempDir(), "builds")}, flow: "churn", stack: &stackfile.Stack{Name: "docker"}}
	}
	made := func(name, requirement string, action plan.Action) plan.Image {
		digest := "sha256:" + name
		in := image.Inputs{"requirements": "r" + name + "\n" + requirement}
		registry.mu.Lock()
		registry.labels[digest] = in.Labels()
		registry.mu.Unlock()
		return plan.Image{Key: name, Reference: "reg:5000/churn:" + name, Digest: &digest, Action: action, Steps: []string{"train", "serve"}, Inputs: in}
	}
	builds := func(im *images, i plan.Image) {
		t.Helper()
		im.remember()
		r := build.Record{ID: build.NewID(time.Now()), Flow: im.flow, Stack: im.stack.Name}
		if err := im.records.Save(r.With(reusedOutcome(i))); err != nil {
			t.Fatal(err)
		}
		im.share(t.Context(), plan.Plan{Images: []plan.Image{i}})
	}
	says := func(im *images, want string, steps ...string) {
		t.Helper()
		next := plan.Image{Reference: "reg:5000/churn:next", Steps: steps, Inputs: image.Inputs{"requirements": "rnext\ntorch==9"}}
		got := image.Reasons(im.Previous(t.Context(), next), next.Inputs)
		if want == "" && len(got) > 0 || want != "" && (len(got) != 1 || got[0] != want) {
			t.Errorf("reasons %q, want %q", got, want)
		}
	}
	a, b := machine(), machine()
	says(a, "", "train")
	builds(a, made("one", "torch==1", plan.Build))
	says(a, "~ requirements (torch 1 → 9)", "train")
	says(b, "~ requirements (torch 1 → 9)", "train")
	says(b, "~ requirements (torch 1 → 9)", "new", "serve")
	says(b, "", "new")
	b.stack = &stackfile.Stack{Name: "other"}
	says(b, "", "train")
	b.stack = a.stack

	builds(b, made("two", "torch==2", plan.Build))
	says(a, "~ requirements (torch 2 → 9)", "train") // b's came after a's

	registry.down = true
	says(a, "~ requirements (torch 1 → 9)", "train")
	builds(a, made("three", "torch==3", plan.Build)) // nobody is told
	registry.down = false
	says(a, "~ requirements (torch 3 → 9)", "train") // and so it is known here alone
	says(b, "~ requirements (torch 2 → 9)", "train")

	asked := registry.asked
	builds(a, made("three", "torch==3", plan.Reuse))
	builds(machine(), made("three", "torch==3", plan.Reuse))
	if registry.asked != asked {
		t.Error("nothing changed, and the registry was asked")
	}
	builds(a, made("two", "torch==2", plan.Reuse)) // back to an image that exists
	builds(b, made("four", "torch==4", plan.Build))
	builds(a, made("one", "torch==1", plan.Reuse))
	says(b, "~ requirements (torch 1 → 9)", "train")
}

// TestSharedReference: one tag a step, in the image's own repository.
func TestSharedReference(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range [][3]string{{"f", "s", "a"}, {"f", "s", "b"}, {"f", "sa", ""}, {"fs", "", "a"}, {"g", "s", "a"}} {
		got := sharedReference("reg:5000/app:key", c[0], c[1], c[2])
		if seen[got] || len(got) != len("reg:5000/app:stack-latest-")+16 {
			t.Errorf("%v: %s", c, got)
		}
		seen[got] = true
	}
}
