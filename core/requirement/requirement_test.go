package requirement_test

import (
	"strings"
	"testing"

	"github.com/stackrun/stack/core/requirement"
)

func TestName(t *testing.T) {
	for line, want := range map[string]string{
		"httpx":                                 "httpx",
		"  HTTPX  ":                             "httpx",
		"Typing_Extensions":                     "typing-extensions",
		"zope.interface":                        "zope-interface",
		"a-_.b":                                 "a-b",
		"pandas[parquet, aws]>=2.3,<3":          "pandas",
		"torch (>=2)":                           "torch",
		"torch ~= 2.6":                          "torch",
		"KITARU ~= 0.3":                         "kitaru",
		"kitaru_extra":                          "kitaru-extra",
		"jax==0.4.30 # kept":                    "jax",
		"numpy; python_version < '3.12'":        "numpy",
		"numpy;python_version<'3.12'":           "numpy",
		"numpy===1.0":                           "numpy",
		"x2 --hash=sha256:00":                   "x2",
		"name @ https://e.org/other-1.0.zip":    "name",
		"name@https://e.org/x.zip":              "name",
		"name[a] @ git+ssh://git@e.org/x#egg=y": "name",
		"git+https://e.org/kitaru.git":          "",
		"git+https://e.org/k.git#egg=Kitaru":    "kitaru",
		"git+https://e.org/k.git@v1#subdirectory=a&egg=Ki_taru[x]": "ki-taru",
		"-e git+https://e.org/k.git#egg=kitaru":                    "kitaru",
		"--editable=git+https://e.org/k.git#egg=kitaru":            "kitaru",
		"-e .":                          "",
		"-egg":                          "",
		"-r requirements.txt":           "",
		"--index-url https://e.org":     "",
		"":                              "",
		"# only a comment":              "",
		"./my_pkg-1.0-py3-none-any.whl": "my-pkg",
		"my_pkg-1.0-py3-none-any.whl":   "my-pkg",
		"my_pkg-1.0-1-py3-none-any.whl": "my-pkg",
		"nonsense.whl":                  "",
		"https://e.org/a/my_pkg-1.0%2Bcpu-cp312-cp312-linux_x86_64.whl#sha256=0": "my-pkg",
		"https://e.org/my-pkg-1.0.tar.gz?x=y":                                    "my-pkg",
		"my-pkg-1.0.tar.gz":                                                      "my-pkg",
		`C:\dist\my_pkg-1.0-py3-none-any.whl`:                                    "my-pkg",
		"./src":                                                                  "",
		"two words":                                                              "",
		"naïve":                                                                  "",
		"numpy\t>= 1":                                                            "numpy",
	} {
		if got := requirement.Name(line); got != want {
			t.Errorf("Name(%q) = %q, want %q", line, got, want)
		}
	}
}

func FuzzName(f *testing.F) {
	for _, s := range []string{"a", "a[b]>=1;c", "-e x#egg=a", "a @ b", "https://h/a-1-py3-none-any.whl", "\x00", "#", "a-1.zip"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		name := requirement.Name(line)
		if name == "" {
			return
		}
		if got := requirement.NormalizeName(name); got != name {
			t.Errorf("the name %q of %q is not normalised: %q", name, line, got)
		}
		if got := requirement.Name(name); got != name {
			t.Errorf("the name %q of %q is not a requirement for itself: %q", name, line, got)
		}
		if strings.ContainsAny(name, " \t\n[]#@;") {
			t.Errorf("the name %q of %q is no name", name, line)
		}
	})
}
