package build

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
)

func TestPrunable(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	record := func(id, flow, stack string, hours int) Record {
		return Record{ID: id, Flow: flow, Stack: stack, Created: now.Add(-time.Duration(hours) * time.Hour)}
	}
	records := []Record{ // newest first
		record("a3", "a", "s", 1), record("b1", "b", "s", 2), record("a2", "a", "s", 3),
		record("other", "a", "t", 4), record("a1", "a", "s", 5), record("a0", "a", "s", 6),
	}
	used := func(id string) string { return map[string]string{"a1": "run r used it"}[id] }
	for name, c := range map[string]struct {
		keep Keep
		gone []string
		kept []string
	}{
		"all but the latest":          {Keep{Newest: 1}, []string{"a2", "a1", "a0"}, nil},
		"never fewer than the latest": {Keep{Newest: 0}, []string{"a2", "a1", "a0"}, nil},
		"two of each":                 {Keep{Newest: 2}, []string{"a1", "a0"}, nil},
		"young ones stay":             {Keep{Newest: 1, OlderThan: 5 * time.Hour}, []string{"a0"}, nil},
		"used ones stay":              {Keep{Newest: 1, Used: used}, []string{"a2", "a0"}, []string{"a1 run r used it"}},
		"a use of one that stays":     {Keep{Newest: 9, Used: used}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c.keep.Now = now
			var gone, kept []string
			g, k := Prunable(records, c.keep)
			for _, r := range g {
				gone = append(gone, r.ID)
			}
			for _, r := range k {
				kept = append(kept, r.Record.ID+" "+r.Why)
			}
			if diff := cmp.Diff([][]string{c.gone, c.kept}, [][]string{gone, kept}); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestRemove(t *testing.T) {
	s := Records{Dir: filepath.Join(t.TempDir(), "builds")}
	r := Record{ID: "build-1", Flow: "f", Stack: "s"}
	r = r.With(Outcome{Key: "k", Steps: []string{"a"}, Inputs: image.Inputs{"source": "f1"}})
	if err := s.Save(r); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it is gone already
		if err := s.Remove("build-1"); err != nil {
			t.Fatal(err)
		}
	}
	if ids := s.IDs(); len(ids) != 0 {
		t.Errorf("%v are left", ids)
	}
	if s.Previous("f", "s", []string{"a"}) == nil {
		t.Error("removing a record forgets what its steps used last")
	}
	outside := filepath.Join(filepath.Dir(s.Dir), "x.json")
	if err := os.WriteFile(outside, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove("../x"); err == nil || diag.FromError(err)[0].Code != diag.BuildNotFound {
		t.Errorf("Remove of a bad id = %v", err)
	}
	if _, err := os.Stat(outside); err != nil {
		t.Error(err)
	}
}

func TestShared(t *testing.T) {
	s := Records{Dir: filepath.Join(t.TempDir(), "builds")}
	save := func(in image.Inputs) {
		t.Helper()
		r := Record{ID: NewID(time.Now()), Flow: "f", Stack: "s"}
		if err := s.Save(r.With(Outcome{Steps: []string{"a", "b"}, Inputs: in})); err != nil {
			t.Fatal(err)
		}
	}
	one, two := image.Inputs{"source": "f1", "user": "e1"}, image.Inputs{"source": "f2"}
	shared := func() bool { return s.Shared("f", "s", []string{"new", "b"}) }
	if shared() {
		t.Error("shared before anything was built")
	}
	save(one)
	if shared() {
		t.Error("shared before it was told")
	}
	if err := s.NoteShared("f", "s", map[string]image.Inputs{"a": one, "b": one}); err != nil {
		t.Fatal(err)
	}
	if !shared() || s.Shared("f", "other", []string{"b"}) {
		t.Error("not shared where it was told, or shared where not")
	}
	save(two)
	if shared() {
		t.Error("what is latest now was not told")
	}
	if err := os.WriteFile(s.sharedPath("f", "s"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if shared() {
		t.Error("a damaged note says something")
	}
}

func TestPinned(t *testing.T) {
	for reference, want := range map[string]string{
		"reg:5000/a/b:tag":          "reg:5000/a/b@sha256:1",
		"reg:5000/a/b":              "reg:5000/a/b@sha256:1",
		"python:3.12":               "python@sha256:1",
		"python@sha256:0":           "python@sha256:1",
		"reg:5000/python:3@sha256:": "reg:5000/python@sha256:1",
	} {
		if got := (RecordImage{Reference: reference, Digest: "sha256:1"}).Pinned(); got != want {
			t.Errorf("%s: %s, want %s", reference, got, want)
		}
	}
}

func TestInputsOf(t *testing.T) {
	in := image.Inputs{"source": "f00\nf1 a.py\nx2 b.sh", "environment": "nee\nTOKEN=99\nB=1", "runtime_environment": "nef\nC=2", "commands": "l11", "odd": ""}
	want := []Input{
		{"commands", "11", []string{}},
		{"environment", "ee", []string{"TOKEN", "B"}},
		{"odd", "", []string{}},
		{"runtime_environment", "ef", []string{"C"}},
		{"source", "00", []string{"f1 a.py", "x2 b.sh"}},
	}
	if diff := cmp.Diff(want, InputsOf(in)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"TOKEN", "B", "C"}, Variables(in)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, c := range []struct {
		in   Input
		want string
	}{
		{Input{"commands", "11", nil}, "11"},
		{Input{"apt_packages", "1", []string{"git", "curl"}}, "git, curl"},
		{Input{"source", "0123456789abcdef", []string{"1", "2", "3", "4", "5", "6", "7"}}, "7 files (0123456789ab)"},
		{Input{"requirements", "01", []string{"1", "2", "3", "4", "5", "6", "7"}}, "7 entries (01)"},
	} {
		if got := c.in.Short(); got != c.want {
			t.Errorf("%+v: %s, want %s", c.in, got, c.want)
		}
	}
}
