package python_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/python"
)

const locked = `version = 1
revision = 3
requires-python = ">=3.10"

[[package]]
name = "churn"
version = "0.1"
source = { virtual = "." }

[package.metadata]
requires-dist = [
    { name = "churn", extras = ["gpu"], marker = "extra == 'all'" },
    { name = "colorama", marker = "python_full_version >= '3.11' and extra == 'gpu'", specifier = ">=0.4" },
    { name = "idna", specifier = ">=3,<4" },
    { name = "lib", editable = "lib" },
    { name = "mine", git = "https://e.example/mine?rev=v1" },
    { name = "packaging", extras = ["x"], specifier = ">=20" },
    { name = "torch", marker = "sys_platform == 'linux'", index = "https://e.example/cu128" },
]
provides-extras = ["gpu", "all"]

[package.metadata.requires-dev]
dev = [{ name = "iniconfig" }, { name = "pluggy" }]
more = [{ name = "pluggy" }]

[[package]]
name = "idna"
version = "3.7"
source = { registry = "https://pypi.org/simple" }
`

const unlocked = `[project]
name = "Churn"
version = "0.1"
requires-python = ">= 3.10"
dependencies = ["Idna >=3, <4.0", "lib", "mine @ git+https://e.example/mine@v1", "packaging[x]>=20", "torch; sys_platform == 'linux'"]
[project.optional-dependencies]
gpu = ["colorama>=0.4; python_version >= '3.11'"]
all = ["churn[gpu]"]
[dependency-groups]
dev = ["iniconfig", {include-group = "More"}]
more = ["pluggy"]
[tool.uv.sources]
lib = { path = "lib", editable = true }
torch = { index = "cu128" }
`

func TestCheckUVLock(t *testing.T) {
	for name, test := range map[string]struct {
		old, new string // what is replaced in the pyproject
		want     string // empty where the lock fits
	}{
		"as it was":             {"", "", ""},
		"other order":           {`"Idna >=3, <4.0", "lib"`, `"lib","idna<4,>=3.0"`, ""},
		"added":                 {`"lib", `, `"lib", "attrs>=22", `, "+ attrs>=22"},
		"removed":               {`"packaging[x]>=20", `, "", "- packaging[x]>=20"},
		"other versions":        {"<4.0", "<5", "~ idna (<4,>=3 → <5,>=3)"},
		"any version":           {"Idna >=3, <4.0", "idna", "~ idna (<4,>=3 → any version)"},
		"an extra":              {"packaging[x]", "packaging[x,y]", "~ packaging ([x]>=20 → [x,y]>=20)"},
		"a marker":              {"python_version >= '3.11'", "python_version >= '3.12'", ""}, // uv writes them in other words
		"from an index":         {`lib = { path = "lib", editable = true }`, "", "~ lib (elsewhere → any version)"},
		"from a URL":            {`"Idna >=3, <4.0"`, `"idna @ https://e.example/idna.zip"`, "~ idna (<4,>=3 → elsewhere)"},
		"an optional one":       {"colorama>=0.4", "colorama>=0.5", "~ colorama (>=0.4 → >=0.5) in optional-dependencies.gpu"},
		"an extra renamed":      {"gpu = [", "cuda = [", "- colorama>=0.4 in optional-dependencies.gpu"},
		"in a group":            {`more = ["pluggy"]`, `more = ["pluggy", "ruff"]`, "+ ruff in dependency-groups.more"},
		"in an included group":  {`more = ["pluggy"]`, `more = ["pluggy", "ruff"]`, "+ ruff in dependency-groups.dev"},
		"an older Python":       {">= 3.10", ">=3.9", "~ requires-python (>=3.10 → >=3.9)"},
		"a newer Python":        {">= 3.10", ">=3.11", ""}, // everything locked still fits
		"not some Python":       {">= 3.10", ">=3.10,!=3.11.*", ""},
		"renamed":               {`"Churn"`, `"other"`, `the lock is not of the project "other"`},
		"dynamic":               {"dependencies = [\"Idna >=3, <4.0\", \"lib\", \"mine @ git+https://e.example/mine@v1\", \"packaging[x]>=20\", \"torch; sys_platform == 'linux'\"]", `dynamic = ["dependencies"]`, ""},
		"uv's old form of dev":  {"[tool.uv.sources]", "[tool.uv]\ndev-dependencies = [\"ruff\"]\n[tool.uv.sources]", "+ ruff in dependency-groups.dev"},
		"no requirement":        {"Idna >=3, <4.0", "idna=3", "is no operator"},
		"a group within itself": {`more = ["pluggy"]`, `more = ["pluggy", {include-group="dev"}]`, "includes itself"},
		"without a project":     {"[project]", "[projects]", "has no [project] table"},
		"no TOML":               {"[project]", "[project", "pyproject.toml:1:"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(unlocked, test.old) {
				t.Fatalf("%q is not in the project", test.old)
			}
			err := python.CheckUVLock([]byte(strings.Replace(unlocked, test.old, test.new, 1)), []byte(locked))
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			var failure *diag.Failure
			if err != nil && (!errors.As(err, &failure) || failure.Code == diag.UVLockStale && !strings.Contains(failure.Hint, "uv lock")) {
				t.Errorf("the error is %#v", err)
			}
		})
	}
}

func TestCheckUVLockReadsTheLock(t *testing.T) {
	for text, want := range map[string]struct {
		code    diag.Code
		message string
	}{
		"version = 2\n": {diag.Version, "version 2"},
		"version = \n":  {diag.Syntax, "read uv.lock"},
		"":              {diag.Version, "version 0"},
		"version = 1\n": {diag.UVLockStale, "not of the project"},
		// A package of the same name from an index is not the project.
		"version = 1\n[[package]]\nname = \"churn\"\nsource = { registry = \"https://pypi.org/simple\" }\n": {diag.UVLockStale, "not of the project"},
	} {
		err := python.CheckUVLock([]byte(unlocked), []byte(text))
		var failure *diag.Failure
		if !errors.As(err, &failure) || failure.Code != want.code || !strings.Contains(err.Error(), want.message) {
			t.Errorf("%q: %v", text, err)
		}
	}
	err := python.CheckUVLock([]byte(unlocked), nil)
	var failure *diag.Failure
	if !errors.As(err, &failure) || failure.Code != diag.FileNotFound || !strings.Contains(failure.Hint, "uv lock") {
		t.Errorf("a lock that is not there: %v", err)
	}
	if err := python.CheckUVLock([]byte(unlocked), []byte(locked)); err != nil {
		t.Error(err)
	}
}

func FuzzCheckUVLock(f *testing.F) {
	f.Add([]byte(unlocked), []byte(locked))
	f.Add([]byte("[project]\nname='a'\n[dependency-groups]\nA=[{include-group='a'},1]\n"), []byte("version=1\n[[package]]\nname='a'\nsource={virtual='.'}\n"))
	f.Fuzz(func(t *testing.T, pyproject, lock []byte) {
		_ = python.CheckUVLock(pyproject, lock)
	})
}
