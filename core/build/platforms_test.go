package build

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
)

// two is a job for two platforms, of two stages.
func two() Job {
	j := job("a")
	j.Request.Platforms = []string{"linux/amd64", "linux/arm64"}
	j.Request.ExtraTags = []string{"reg/app:mine"}
	j.Request.Stages = []image.Stage{
		{Dockerfile: []byte("FROM base\n")},
		{Base: "stack.invalid/dockerfile:1", Dockerfile: []byte("FROM stack.invalid/dockerfile:1\nENV A=b\n")},
	}
	return j
}

func TestPlatforms_AreBuiltOneByOneAndListed(t *testing.T) {
	w := newWorld()
	outcomes, err := Run(t.Context(), []Job{two()}, w.options(t))
	if err != nil {
		t.Fatal(err)
	}
	want := "index of sha256:a for linux/amd64 sha256:a for linux/arm64"
	if outcomes[0].Action != Built || outcomes[0].Digest != want || w.images["reg/app:a"].digest != want || w.images["reg/app:mine"].digest != want {
		t.Errorf("outcome %+v; the tags are %q and %q", outcomes[0], w.images["reg/app:a"].digest, w.images["reg/app:mine"].digest)
	}
	slices.SortFunc(w.asked, func(a, b Request) int { return strings.Compare(a.Destination, b.Destination) })
	for i, suffix := range []string{"-linux-amd64", "-linux-arm64"} {
		r := w.asked[i]
		if r.Destination != "reg/app:a"+suffix || len(r.Platforms) != 1 || len(r.ExtraTags) != 0 || r.Labels[image.KeyLabel] != "a" {
			t.Errorf("the builder was asked for %+v", r)
		}
		if s := r.Stages[1]; s.Base != "stack.invalid/dockerfile:1"+suffix || string(s.Dockerfile) != "FROM "+s.Base+"\nENV A=b\n" {
			t.Errorf("the stage on top is %s", s.Dockerfile)
		}
	}
	if again, err := Run(t.Context(), []Job{two()}, w.options(t)); err != nil || again[0].Action != Reused || len(w.builds) != 2 {
		t.Errorf("again: %+v %v", again, err)
	}
}

// An image of the key for one platform is not that for two, and its part is not
// built again.
func TestPlatforms_WhatIsThereIsTaken(t *testing.T) {
	w := newWorld()
	w.images["reg/app:a"] = put("sha256:one", map[string]string{image.KeyLabel: "a"})
	w.images["reg/app:a-linux-arm64"] = put("sha256:arm", map[string]string{image.KeyLabel: "a"}, "linux/arm64/v8")
	outcomes, err := Run(t.Context(), []Job{two()}, w.options(t))
	if err != nil || outcomes[0].Digest != "index of sha256:a for linux/amd64 sha256:arm" || len(w.builds) != 1 {
		t.Errorf("%+v %v, built %v", outcomes, err, w.builds)
	}
}

func TestPlatforms_FailureMovesNoTag(t *testing.T) {
	for name, c := range map[string]struct {
		fault func(w *world, cancel func())
		code  diag.Code // none: cancelled
	}{
		"one fails": {func(w *world, _ func()) {
			w.during = func(ctx context.Context, r Request) error {
				if r.Platforms[0] == "linux/arm64" {
					return diag.Fail(diag.BuildFailed, errors.New("exit 1"), "")
				}
				<-ctx.Done()
				return ctx.Err()
			}
		}, diag.BuildFailed},
		"cancelled": {func(w *world, cancel func()) {
			w.during = func(ctx context.Context, r Request) error {
				if r.Platforms[0] == "linux/arm64" {
					return nil
				}
				cancel()
				<-ctx.Done()
				return ctx.Err()
			}
		}, ""},
		"says another platform": {func(w *world, _ func()) { w.wrong = "linux/amd64" }, diag.WrongPlatform},
		"is another platform":   {func(w *world, _ func()) { w.programs = "amd64" }, diag.WrongPlatform},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			c.fault(w, cancel)
			_, err := Run(ctx, []Job{two()}, w.options(t))
			if c.code == "" && !errors.Is(err, context.Canceled) || c.code != "" && diag.FromError(err)[0].Code != c.code {
				t.Errorf("Run = %v, want %s", err, c.code)
			}
			for _, tag := range []string{"reg/app:a", "reg/app:mine"} {
				if w.images[tag].digest != "" {
					t.Errorf("%s is %s", tag, w.images[tag].digest)
				}
			}
		})
	}
}

func TestPlatforms_NeedARegistry(t *testing.T) {
	w := newWorld()
	j := two()
	j.Request.Push = false
	_, err := Run(t.Context(), []Job{j}, w.options(t))
	if got := diag.FromError(err); len(got) != 1 || got[0].Code != diag.BuilderCannot || !strings.Contains(got[0].Suggestion, "container_registry") || len(w.builds) != 0 {
		t.Errorf("Run = %+v", got)
	}
}

func TestRun_WrongPlatformIsNoticed(t *testing.T) {
	for _, push := range []bool{true, false} {
		w := newWorld()
		w.wrong = "linux/amd64"
		j := job("a")
		j.Request.Push, j.Request.Platforms = push, []string{"linux/arm64"}
		if _, err := Run(t.Context(), []Job{j}, w.options(t)); err == nil || diag.FromError(err)[0].Code != diag.WrongPlatform {
			t.Errorf("pushed %v: Run = %v", push, err)
		}
		// What is there for another platform is not taken for it either.
		w.wrong = ""
		if outcomes, err := Run(t.Context(), []Job{j}, w.options(t)); err != nil || outcomes[0].Action != Built {
			t.Errorf("pushed %v: %+v %v", push, outcomes, err)
		}
	}
}

func TestPublished(t *testing.T) {
	mine, other := map[string]string{image.KeyLabel: "k"}, map[string]string{image.KeyLabel: "x"}
	for name, c := range map[string]struct {
		images    map[string]map[string]string
		platforms []string
		want      bool
	}{
		"the image":          {map[string]map[string]string{"linux/amd64": mine}, []string{"linux/amd64"}, true},
		"another platform":   {map[string]map[string]string{"linux/arm64": mine}, []string{"linux/amd64"}, false},
		"another key":        {map[string]map[string]string{"linux/amd64": other}, []string{"linux/amd64"}, false},
		"a variant":          {map[string]map[string]string{"linux/arm64/v8": mine}, []string{"linux/arm64"}, true},
		"another variant":    {map[string]map[string]string{"linux/arm/v6": mine}, []string{"linux/arm/v7"}, false},
		"an index":           {map[string]map[string]string{"linux/amd64": mine, "linux/arm64": mine}, []string{"linux/arm64", "linux/amd64"}, true},
		"one of two":         {map[string]map[string]string{"linux/amd64": mine}, []string{"linux/amd64", "linux/arm64"}, false},
		"one is another's":   {map[string]map[string]string{"linux/amd64": mine, "linux/arm64": other}, []string{"linux/amd64", "linux/arm64"}, false},
		"more than is asked": {map[string]map[string]string{"linux/amd64": mine, "linux/arm64": mine}, []string{"linux/amd64"}, true},
		"an empty index":     {map[string]map[string]string{}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.images["reg/app:k"] = published{digest: "sha256:1", images: c.images}
			if _, found, err := Published(t.Context(), w, "reg/app:k", "k", c.platforms); found != c.want || err != nil {
				t.Errorf("found %v, %v", found, err)
			}
		})
	}
}

func TestCachesFor(t *testing.T) {
	for name, c := range map[string]struct{ options, want map[string]any }{
		"none":      {map[string]any{"network": "none"}, map[string]any{"network": "none"}},
		"nil":       {nil, nil},
		"read only": {map[string]any{"cache_from": []string{"reg/c"}}, map[string]any{"cache_from": []string{"reg/c"}}},
		"inline":    {map[string]any{"cache_to": []string{"type=inline"}}, map[string]any{"cache_to": []any{"type=inline"}}},
		"registry": {
			map[string]any{"cache_to": []any{"type=registry,ref=reg:5000/c:x,mode=max"}, "cache_from": []any{"reg/d"}},
			map[string]any{"cache_to": []any{"type=registry,ref=reg:5000/c:x-linux-arm64,mode=max"}, "cache_from": []any{"type=registry,ref=reg:5000/c:x-linux-arm64", "reg/d"}},
		},
		"reference": {
			map[string]any{"cache_to": []string{"reg:5000/c"}},
			map[string]any{"cache_to": []any{"reg:5000/c:latest-linux-arm64"}, "cache_from": []any{"type=registry,ref=reg:5000/c:latest-linux-arm64"}},
		},
		"nonsense": {map[string]any{"cache_to": 7}, map[string]any{"cache_to": 7}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, cachesFor(c.options, "-linux-arm64")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestForPlatform(t *testing.T) {
	var got []string
	o := Options{Progress: func(p Progress) { got = append(got, p.Vertex+"|"+p.Message) }}.forPlatform("linux/arm64")
	o.Progress(Progress{Vertex: "[2/3] RUN a", Message: "[2/3] RUN a"})
	o.Progress(Progress{Vertex: "[2/3] RUN a", Message: "a line"})
	o.Progress(Progress{Vertex: "[internal] load x", Message: "[internal] load x"})
	want := []string{"[linux/arm64 2/3] RUN a|[linux/arm64 2/3] RUN a", "[linux/arm64 2/3] RUN a|a line", "[internal] load x|[internal] load x"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
