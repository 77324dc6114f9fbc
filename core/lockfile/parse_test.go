package lockfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stackrun/stack/core/diag"
)

const (
	digestA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	digestB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

func TestParse(t *testing.T) {
	f, list := Parse("stack.lock.hcl", []byte(`
base_image "ghcr.io/acme/base" {
  platforms = ["linux/arm64", "linux/amd64", "linux/amd64"]
  digest    = "`+digestB+`"
}
base_image "docker.io/library/python:3.12-slim" {
  digest    = "`+digestA+`"
  platforms = ["linux/amd64"]
}
`))
	if len(list) > 0 {
		t.Fatal(list)
	}
	want := []Base{
		{Reference: "ghcr.io/acme/base:latest", Digest: digestB, Platforms: []string{"linux/amd64", "linux/arm64"}},
		{Reference: "python:3.12-slim", Digest: digestA, Platforms: []string{"linux/amd64"}},
	}
	if diff := cmp.Diff(want, f.Bases(), cmpopts.IgnoreFields(Base{}, "Range")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if at := f.Bases()[1].Range.String(); at != "stack.lock.hcl:7:15" {
		t.Errorf("the digest is at %s", at)
	}
	if b := f.Bases()[0]; !b.Covers([]string{"linux/arm64"}) || b.Covers([]string{"linux/amd64", "linux/s390x"}) {
		t.Error("what the entry covers is wrong")
	}
}

// What is wrong in a lock is told at its place, and nothing of it is used.
func TestMistakes(t *testing.T) {
	good := "digest = \"" + digestA + "\"\nplatforms = [\"linux/amd64\"]\n"
	for name, c := range map[string]struct {
		text string
		code diag.Code
		at   string
		says string
	}{
		"cut off":              {"base_image \"a\" {\n" + good, diag.Syntax, "1:16", "unclosed"},
		"conflict markers":     {"<<<<<<< ours\n", diag.Syntax, "1:1", ""},
		"attribute":            {"x = 1\n", diag.UnknownField, "1:1", `"x"`},
		"unknown block":        {"base_imge \"a\" {\n}\n", diag.UnknownField, "1:1", `"base_imge"`},
		"no label":             {"base_image {\n" + good + "}\n", diag.MissingField, "1:1", "label"},
		"two labels":           {"base_image \"a\" \"b\" {\n" + good + "}\n", diag.MissingField, "1:1", "label"},
		"not a reference":      {"base_image \"A B\" {\n" + good + "}\n", diag.BadValue, "1:12", "not an image reference"},
		"pinned already":       {"base_image \"a@" + digestA + "\" {\n" + good + "}\n", diag.BadValue, "1:12", "needs no lock"},
		"twice":                {"base_image \"a\" {\n" + good + "}\nbase_image \"a:latest\" {\n" + good + "}\n", diag.Duplicate, "5:12", "locked twice"},
		"unknown field":        {"base_image \"a\" {\ndigst = 1\n" + good + "}\n", diag.UnknownField, "2:1", `"digst"`},
		"block inside":         {"base_image \"a\" {\n" + good + "x {}\n}\n", diag.UnknownField, "4:1", `"x"`},
		"no digest":            {"base_image \"a\" {\nplatforms = [\"linux/amd64\"]\n}\n", diag.MissingField, "1:1", "no digest"},
		"no platforms":         {"base_image \"a\" {\ndigest = \"" + digestA + "\"\n}\n", diag.MissingField, "1:1", "no platforms"},
		"not a digest":         {"base_image \"a\" {\nplatforms = [\"linux/amd64\"]\n  digest = \"sha256:abc\"\n}\n", diag.BadValue, "3:12", "not a digest"},
		"upper case":           {"base_image \"a\" {\nplatforms = [\"linux/amd64\"]\ndigest = \"" + strings.ToUpper(digestA) + "\"\n}\n", diag.BadValue, "3:10", "not a digest"},
		"digest is a number":   {"base_image \"a\" {\nplatforms = [\"linux/amd64\"]\ndigest = 1\n}\n", diag.WrongType, "3:10", "text"},
		"digest is a variable": {"base_image \"a\" {\nplatforms = [\"linux/amd64\"]\ndigest = var.x\n}\n", diag.WrongType, "3:10", "text"},
		"platforms is a text":  {"base_image \"a\" {\ndigest = \"" + digestA + "\"\nplatforms = \"linux/amd64\"\n}\n", diag.WrongType, "3:13", "list"},
		"platforms is empty":   {"base_image \"a\" {\ndigest = \"" + digestA + "\"\nplatforms = []\n}\n", diag.WrongType, "3:13", "list"},
		"not a platform":       {"base_image \"a\" {\ndigest = \"" + digestA + "\"\nplatforms = [\"é\", \"amd64\"]\n}\n", diag.BadValue, "3:13", "list"},
		"runes count":          {"base_image \"é\u0301\" {\n" + good + "}\n", diag.BadValue, "1:12", "not an image reference"},
		"nested":               {"x = " + strings.Repeat("[", 200_000), diag.Syntax, "1:105", "nested"},
		"operators":            {"x = " + strings.Repeat("-", 200_000) + "1", diag.Syntax, "1:10005", "nested"},
	} {
		t.Run(name, func(t *testing.T) {
			f, list := Parse("stack.lock.hcl", []byte(c.text))
			if len(list) == 0 || len(f.Bases()) > 0 {
				t.Fatalf("%v with %v", list, f.Bases())
			}
			d := list[0]
			if d.Code != c.code || d.Range == nil || d.Range.String() != "stack.lock.hcl:"+c.at || !strings.Contains(d.Summary, c.says) {
				t.Errorf("%s at %v: %s; want %s at %s", d.Code, d.Range, d.Summary, c.code, c.at)
			}
		})
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	if f, exists, list := Read(filepath.Join(dir, FileName), FileName); exists || len(list) > 0 || len(f.Bases()) > 0 {
		t.Errorf("what does not exist is %v, %v, %v", f, exists, list)
	}
	if _, exists, list := Read(dir, "here"); !exists || list[0].Code != diag.FileUnreadable {
		t.Errorf("a folder: %v", list)
	}
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, make([]byte, largest+1), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, list := Read(large, "large"); len(list) != 1 || list[0].Code != diag.FileUnreadable {
		t.Errorf("a large file: %v", list)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("base_image \"python:3.12\" {\n  digest = \"" + digestA + "\"\n  platforms = [\"linux/amd64\"]\n}\n")
	f.Add("# a\nplugin \"b\" {\n  x = [1]\n}\n# c\nplugin \"a\" {}\n")
	f.Add("plugin \"a\" { x = 1 }")
	f.Add("base_image \"\" {}\n<<<<")
	f.Fuzz(func(t *testing.T, text string) {
		lock, list := Parse("f", []byte(text))
		if list.HasErrors() {
			for _, d := range list {
				if d.Summary == "" || d.Range == nil || d.Range.Line < 1 || d.Range.Column < 1 {
					t.Errorf("%+v has no place", d)
				}
			}
			return
		}
		first := lock.Bytes()
		again, list := Parse("f", first)
		if list.HasErrors() {
			t.Fatalf("what was written cannot be read: %v\n%s", list, first)
		}
		if diff := cmp.Diff(lock.Bases(), again.Bases(), cmpopts.IgnoreFields(Base{}, "Range")); diff != "" {
			t.Errorf("written and read again:\n%s", diff)
		}
		if len(lock.plugins) != len(again.plugins) {
			t.Errorf("%d plugins became %d", len(lock.plugins), len(again.plugins))
		}
		if second := again.Bytes(); string(second) != string(first) {
			t.Errorf("written twice:\n%s\nand:\n%s", first, second)
		}
	})
}
