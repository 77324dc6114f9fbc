package build

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
)

// world is a registry and the builder that pushes to it.
type world struct {
	mu     sync.Mutex
	images map[string]published
	builds []string
	unsure error                                      // of Find
	during func(ctx context.Context, r Request) error // while a build runs
	lie    string                                     // the digest the builder tells
	wrong  string                                     // the platform it builds for, whatever it is asked
	asked  []Request

	programs string // what all programs are for; empty where nobody can tell
}

type published struct {
	digest string
	labels map[string]string
	images map[string]map[string]string // labels by platform
}

func (w *world) Images(_ context.Context, reference string) (string, map[string]map[string]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.images[reference].digest, w.images[reference].images, w.unsure
}

func (w *world) Index(_ context.Context, reference string, digests []string, further ...string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	index := published{digest: "index of " + strings.Join(digests, " "), images: map[string]map[string]string{}}
	for _, digest := range digests {
		for _, im := range w.images {
			if im.digest == digest {
				maps.Copy(index.images, im.images)
			}
		}
	}
	for _, tag := range append([]string{reference}, further...) {
		w.images[tag] = index
	}
	return index.digest, nil
}

func (w *world) Architecture(_ context.Context, reference string) (string, error) {
	return w.programs, nil
}

// put is an image of one platform in the world.
func put(digest string, labels map[string]string, platforms ...string) published {
	p := published{digest, labels, map[string]map[string]string{}}
	for _, name := range append(platforms, "linux/amd64")[:max(1, len(platforms))] {
		p.images[name] = labels
	}
	return p
}

func (w *world) Find(_ context.Context, reference string) (string, map[string]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.images[reference].digest, w.images[reference].labels, w.unsure
}

func (w *world) Tag(_ context.Context, from, _ string, references ...string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range references {
		w.images[r] = w.images[from]
	}
	return nil
}

// worldBuilder is the builder's side of a world; its Find is another.
type worldBuilder struct{ *world }

func (worldBuilder) Describe(context.Context) (Description, error)    { return Description{}, nil }
func (worldBuilder) Configure(context.Context, json.RawMessage) error { return nil }
func (worldBuilder) Ready(context.Context) (string, error)            { return "", nil }

func (b worldBuilder) Find(_ context.Context, reference string) (Local, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	im := b.images[reference]
	return Local{ID: im.digest, Labels: im.labels, Platform: strings.Join(slices.Sorted(maps.Keys(im.images)), " ")}, nil
}

func (b worldBuilder) Build(ctx context.Context, r Request, progress func(Progress)) (Result, error) {
	b.mu.Lock()
	b.builds, b.asked = append(b.builds, r.Key), append(b.asked, r)
	b.mu.Unlock()
	progress(Progress{State: "started"})
	if b.during != nil {
		if err := b.during(ctx, r); err != nil {
			return Result{}, err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	digest := "sha256:" + r.Key
	platforms := r.Platforms
	if len(platforms) > 0 {
		digest += " for " + platforms[0]
	}
	if b.wrong != "" {
		platforms = []string{b.wrong}
	}
	for _, tag := range append([]string{r.Destination}, r.ExtraTags...) {
		b.images[tag] = put(digest, r.Labels, platforms...)
	}
	if b.lie != "" {
		digest = b.lie
	}
	return Result{Digest: digest}, nil
}

func newWorld() *world { return &world{images: map[string]published{}} }

func (w *world) options(t *testing.T) Options {
	return Options{Builder: worldBuilder{w}, Registry: w, Locks: t.TempDir()}
}

func job(key string) Job {
	return Job{Request: Request{Key: key, Destination: "reg/app:" + key, Push: true}, Steps: []string{"step-" + key}}
}

func TestRun_BuildsOnceThenReuses(t *testing.T) {
	w := newWorld()
	again := job("a")
	again.Steps = []string{"other"}
	again.Request.ExtraTags = []string{"reg/app:mine"}
	jobs := []Job{job("a"), job("b"), again}
	for _, want := range []Action{Built, Reused} {
		outcomes, err := Run(t.Context(), jobs, w.options(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range outcomes {
			if o.Action != want || o.Digest != "sha256:"+o.Key || len(o.Reasons) == 0 {
				t.Errorf("outcome %+v, want %s", o, want)
			}
		}
		if diff := cmp.Diff([]string{"step-a", "other"}, outcomes[2].Steps); diff != "" {
			t.Errorf("steps of equal keys (-want +got):\n%s", diff)
		}
	}
	if len(w.builds) != 2 || w.images["reg/app:mine"].digest != "sha256:a" {
		t.Errorf("built %v; extra tag is %v", w.builds, w.images["reg/app:mine"])
	}
}

func TestRun_ForceAndForeignLabelBuild(t *testing.T) {
	w := newWorld()
	w.images["reg/app:a"] = put("sha256:foreign", map[string]string{image.KeyLabel: "other"})
	w.images["reg/app:b"] = put("sha256:b", map[string]string{image.KeyLabel: "b"})
	forced := job("b")
	forced.Force = true
	outcomes, err := Run(t.Context(), []Job{job("a"), forced}, w.options(t))
	if err != nil || outcomes[0].Action != Built || outcomes[1].Action != Built || outcomes[1].Reasons[0] != "prevent_build_reuse" {
		t.Errorf("%+v %v", outcomes, err)
	}
}

func TestRun_UnknownIsNeitherYesNorNo(t *testing.T) {
	w := newWorld()
	w.unsure = diag.Fail(diag.RegistryDown, errors.New("no answer"), "")
	_, err := Run(t.Context(), []Job{job("a")}, w.options(t))
	if got := diag.FromError(err); len(got) != 1 || got[0].Code != diag.RegistryDown || len(w.builds) != 0 {
		t.Errorf("Run = %v, built %v", err, w.builds)
	}
}

func TestRun_WrongDigestIsNoticed(t *testing.T) {
	w := newWorld()
	w.lie = "sha256:something-else"
	if _, err := Run(t.Context(), []Job{job("a")}, w.options(t)); err == nil || !strings.Contains(err.Error(), "was pushed as sha256:something-else and is sha256:a") {
		t.Errorf("Run = %v", err)
	}
}

func TestRun_FailureCancelsTheOthersAndKeepsWhatIsDone(t *testing.T) {
	w := newWorld()
	o := w.options(t)
	o.Parallel = 3
	good, running := make(chan struct{}), make(chan struct{})
	w.during = func(ctx context.Context, r Request) error {
		switch r.Key {
		case "bad":
			<-good
			<-running
			return diag.Fail(diag.BuildFailed, errors.New("exit 1"), "")
		case "slow":
			close(running)
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}
	var kept []string
	o.Finished = func(out Outcome) error {
		kept = append(kept, out.Key)
		close(good)
		return nil
	}
	outcomes, err := Run(t.Context(), []Job{job("bad"), job("slow"), job("good")}, o)
	if got := diag.FromError(err); len(got) != 1 || got[0].Code != diag.BuildFailed {
		t.Errorf("Run = %v", err)
	}
	if outcomes[0].Err == nil || !errors.Is(outcomes[1].Err, context.Canceled) || outcomes[2].Err != nil {
		t.Errorf("outcomes %+v", outcomes)
	}
	if diff := cmp.Diff([]string{"good"}, kept); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
}

func TestRun_AllFailuresAreTold(t *testing.T) {
	w := newWorld()
	o := w.options(t)
	o.Parallel = 2
	var both sync.WaitGroup
	both.Add(2)
	w.during = func(_ context.Context, r Request) error {
		both.Done()
		both.Wait()
		return diag.Fail(diag.BuildFailed, fmt.Errorf("%s is broken", r.Key), "")
	}
	_, err := Run(t.Context(), []Job{job("x"), job("y")}, o)
	if err == nil || !strings.Contains(err.Error(), "x is broken") || !strings.Contains(err.Error(), "y is broken") {
		t.Errorf("Run = %v", err)
	}
}

func TestRun_Cancelled(t *testing.T) {
	w := newWorld()
	ctx, cancel := context.WithCancel(t.Context())
	w.during = func(ctx context.Context, _ Request) error { cancel(); <-ctx.Done(); return ctx.Err() }
	if _, err := Run(ctx, []Job{job("a")}, w.options(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("Run = %v", err)
	}
}

func TestRun_Limit(t *testing.T) {
	w := newWorld()
	o := w.options(t)
	o.Parallel = 2
	var mu sync.Mutex
	now, most := 0, 0
	two := make(chan struct{}, 8)
	w.during = func(context.Context, Request) error {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		two <- struct{}{}
		mu.Lock()
		now--
		mu.Unlock()
		return nil
	}
	var jobs []Job
	for i := range 8 {
		jobs = append(jobs, job(fmt.Sprint(i)))
	}
	if _, err := Run(t.Context(), jobs, o); err != nil || most > 2 || len(w.builds) != 8 {
		t.Errorf("%v: %d at a time, built %v", err, most, w.builds)
	}
}

// Two Runs stand for two processes: each opens the lock file itself.
func TestRun_SingleFlight(t *testing.T) {
	w := newWorld()
	o := w.options(t)
	waiting := make(chan struct{})
	second := o
	second.Progress = func(p Progress) {
		if p.Vertex == "lock" {
			close(waiting)
		}
	}
	done := make(chan error, 1)
	w.during = func(context.Context, Request) error {
		go func() {
			outcomes, err := Run(context.Background(), []Job{job("a")}, second)
			if err == nil && outcomes[0].Action != Reused {
				err = fmt.Errorf("the second did %s", outcomes[0].Action)
			}
			done <- err
		}()
		select {
		case <-waiting:
			return nil
		case <-time.After(10 * time.Second):
			return errors.New("the second did not wait")
		}
	}
	if _, err := Run(t.Context(), []Job{job("a")}, o); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(o.Locks, "*")); len(left) != 0 || len(w.builds) != 1 {
		t.Errorf("lock files %v are left, built %v", left, w.builds)
	}
}

func TestRecords(t *testing.T) {
	s := Records{Dir: filepath.Join(t.TempDir(), "builds")}
	old := Record{ID: NewID(time.Unix(100, 0)), Flow: "churn", Stack: "local", Created: time.Unix(100, 0).UTC()}
	old = old.With(Outcome{Key: "k1", Reference: "reg/app:k1", Digest: "sha256:1", Action: Built, Reasons: []string{"not built before"}, Steps: []string{"train"}, Inputs: image.Inputs{"source": "f1"}})
	recent := old
	recent.ID, recent.Created = NewID(time.Unix(200, 0)), time.Unix(200, 0).UTC()
	recent.Images = nil
	recent = recent.With(Outcome{Key: "k2", Steps: []string{"train"}, Inputs: image.Inputs{"source": "f2"}})
	for _, r := range []Record{old, recent} {
		if err := s.Save(r); err != nil {
			t.Fatal(err)
		}
	}
	all, warnings := s.List()
	if len(all) != 2 || all[0].ID != recent.ID || len(warnings) != 0 {
		t.Fatalf("List = %+v, %v", all, warnings)
	}
	old.SchemaVersion = RecordVersion
	if diff := cmp.Diff(old, all[1]); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
	if got := s.Previous("churn", "local", []string{"other", "train"}); got["source"] != "f2" {
		t.Errorf("Previous = %v", got)
	}
	if got := s.Previous("churn", "vertex", []string{"train"}); got != nil {
		t.Errorf("Previous on another stack = %v", got)
	}
	if err := os.WriteFile(s.path(old.ID), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	all, warnings = s.List()
	if len(all) != 1 || len(warnings) != 1 || warnings[0].Code != diag.RecordCorrupt {
		t.Errorf("List with a damaged record = %+v, %v", all, warnings)
	}
	if _, err := os.Stat(s.path(old.ID) + ".corrupt"); err != nil {
		t.Error(err)
	}
	if _, err := s.Load("../x"); err == nil || diag.FromError(err)[0].Code != diag.BuildNotFound {
		t.Errorf("Load of a bad id = %v", err)
	}
}
