package requirement_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/requirement"
)

// packaging is what Python's own library says of odd texts; how the file was
// made stands in testdata/golden.py.
type packaging struct {
	Versions []struct {
		Text   string
		Normal *string
	}
	Order      []string
	Specifiers []struct {
		Text  string
		OK    bool
		Holds []string
	}
	Requirements []struct {
		Text       string
		OK         bool
		Name       string
		Extras     []string
		Specifiers []string
		URL        string
		Marker     bool
	}
	Markers []struct {
		Text  string
		Holds []*bool
	}
	Environments []requirement.Environment
}

func readPackaging(t *testing.T) packaging {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "packaging.json"))
	if err != nil {
		t.Fatal(err)
	}
	var p packaging
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	if len(p.Versions) < 100 || len(p.Specifiers) < 60 || len(p.Requirements) < 250 || len(p.Markers) < 50 {
		t.Fatalf("the file is not whole: %d versions, %d specifiers, %d requirements, %d markers",
			len(p.Versions), len(p.Specifiers), len(p.Requirements), len(p.Markers))
	}
	return p
}

func TestVersionsAsPackaging(t *testing.T) {
	p := readPackaging(t)
	for _, v := range p.Versions {
		got, err := requirement.ParseVersion(v.Text)
		switch {
		case (err == nil) != (v.Normal != nil):
			t.Errorf("ParseVersion(%q) = %v, %v; packaging says %v", v.Text, got, err, v.Normal)
		case err == nil && got.String() != *v.Normal:
			t.Errorf("ParseVersion(%q) = %q, packaging says %q", v.Text, got, *v.Normal)
		}
	}
	for i, a := range p.Order {
		for j, b := range p.Order {
			if got := version(t, a).Compare(version(t, b)); got != compareInts(i, j) {
				t.Errorf("%s compared with %s is %d, packaging says %d", a, b, got, compareInts(i, j))
			}
		}
	}
}

func compareInts(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func version(t *testing.T, text string) requirement.Version {
	t.Helper()
	v, err := requirement.ParseVersion(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSpecifiersAsPackaging(t *testing.T) {
	// PEP 508 has no comma before the first condition or two in a row.
	ours := map[string]string{",>=1.0": "", ">=1.0,,<2": "", "===": ""}
	p := readPackaging(t)
	for _, s := range p.Specifiers {
		got, err := requirement.ParseSpecifiers(s.Text)
		if _, differs := ours[s.Text]; differs {
			if err == nil || !s.OK {
				t.Errorf("%q is no difference any more", s.Text)
			}
			continue
		}
		if (err == nil) != s.OK {
			t.Errorf("ParseSpecifiers(%q): %v; packaging says %v", s.Text, err, s.OK)
			continue
		}
		for _, v := range p.Order {
			if has, want := err == nil && got.Contains(version(t, v)), slices.Contains(s.Holds, v); has != want {
				t.Errorf("%q contains %s: %v, packaging says %v", s.Text, v, has, want)
			}
		}
	}
}

func TestRequirementsAsPackaging(t *testing.T) {
	p := readPackaging(t)
	ours := differences()
	for _, r := range p.Requirements {
		got, err := requirement.Parse(r.Text)
		if want, differs := ours[r.Text]; differs {
			if (err == nil) != want.ok || want.ok == r.OK {
				t.Errorf("Parse(%q): %v; packaging says %v; the difference was: %s", r.Text, err, r.OK, want.why)
			}
			delete(ours, r.Text)
			continue
		}
		if (err == nil) != r.OK {
			t.Errorf("Parse(%q): %v; packaging says %v", r.Text, err, r.OK)
			continue
		}
		if err != nil {
			continue
		}
		var specifiers []string
		for _, s := range got.Specifiers {
			specifiers = append(specifiers, s.Op+s.Version)
		}
		slices.Sort(specifiers)
		if got.Name != r.Name || got.URL != r.URL || got.Marker.Empty() == r.Marker ||
			!slices.Equal(got.Extras, r.Extras) || !slices.Equal(slices.Compact(specifiers), r.Specifiers) {
			t.Errorf("Parse(%q) = %+v %v, packaging says %+v", r.Text, got, specifiers, r)
		}
	}
	for text, d := range ours {
		t.Errorf("%q, which differs since %s, is not in the file", text, d.why)
	}
}

type difference struct {
	ok  bool // whether this package reads it
	why string
}

// differences is where this package is meant to differ from packaging.
func differences() map[string]difference {
	const (
		path   = "a path is what pip installs too"
		letter = "a name ends in a letter or digit in PEP 508"
		scheme = "a URL has a scheme, and installers refuse one without"
		empty  = "a condition needs a version"
	)
	return map[string]difference{
		".a": {true, path}, ".a>=1": {true, path}, "a/b": {true, path}, "a/b>=1": {true, path},
		"a_": {false, letter}, "a_>=1": {false, letter},
		"numpy @ ../x": {false, scheme}, "numpy @ e.org": {false, scheme}, "numpy @ C:\\x": {false, scheme}, "numpy@(>=1)": {false, scheme},
		"numpy===": {false, empty}, "x===": {false, empty}, "x (===)": {false, empty},
		"numpy==1.0 # c": {true, "a comment is what requirements files have"},
		"numpy @ https://e.org/x.zip;python_version>'3'": {false, "the marker would be lost in the URL"},
	}
}

func TestMarkersAsPackaging(t *testing.T) {
	p := readPackaging(t)
	for _, m := range p.Markers {
		got, err := requirement.ParseMarker(m.Text)
		if err != nil {
			t.Errorf("ParseMarker(%q): %v", m.Text, err)
			continue
		}
		for i, e := range p.Environments {
			want := requirement.False
			if m.Holds[i] == nil {
				t.Errorf("packaging cannot say whether %q holds", m.Text)
			} else if *m.Holds[i] {
				want = requirement.True
			}
			if diff := cmp.Diff(want, got.Evaluate(e)); diff != "" {
				t.Errorf("%q in %v (-packaging +ours):\n%s", m.Text, e, diff)
			}
		}
	}
}

func TestEquivalent(t *testing.T) {
	for pair, want := range map[[2]string]bool{
		{">=1,<2", "<2.0,>=1.0.0"}: true,
		{">=1", ">=1,>=1.0"}:       true,
		{"", ""}:                   true,
		{"==1.*", "==1.0.*"}:       false,
		{"~=1.0", "~=1.0.0"}:       false,
		{"~=1.0", "~=1.0"}:         true,
		{"===1", "===1.0"}:         false,
		{"==1", ">=1"}:             false,
		{"==1", "==1.*"}:           false,
		{"==1+a", "==1"}:           false,
		{">=1", ""}:                false,
		{">=1,<2", ">=1"}:          false,
	} {
		a, errA := requirement.ParseSpecifiers(pair[0])
		b, errB := requirement.ParseSpecifiers(pair[1])
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if a.Equivalent(b) != want || b.Equivalent(a) != want {
			t.Errorf("%q and %q are equivalent: %v", pair[0], pair[1], !want)
		}
	}
}
