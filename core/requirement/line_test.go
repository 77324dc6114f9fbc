package requirement_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/requirement"
)

func TestParseLine(t *testing.T) {
	hash := "sha256:" + strings.Repeat("ab", 32)
	for text, want := range map[string]string{
		"":                                 "blank",
		"   # only this":                   "blank",
		"numpy>=1 # why":                   "requirement numpy>=1",
		"numpy[a]>=1 ; os_name == 'posix'": `requirement numpy[a]>=1 ; os_name == "posix"`,
		"numpy==1 --hash=" + hash:          "requirement numpy==1 --hash=" + hash,
		"numpy==1 --hash " + hash:          "requirement numpy==1 --hash=" + hash,
		"numpy==1;os_name=='a' --hash=" + hash + " --hash " + hash: `requirement numpy==1 ; os_name == "a" --hash=` + hash,
		"numpy --config-settings a=b -Cc=d --global-option='x y'":  "requirement numpy --config-settings=a=b --config-settings=c=d --global-option='x y'",
		"./dist/a-1-py3-none-any.whl":                              "requirement ./dist/a-1-py3-none-any.whl (a)",
		"dist/my pkg.zip[x] ; os_name=='a'":                        `requirement dist/my pkg.zip[x] ; os_name == "a"`,
		"git+https://e.org/a.git@v1#egg=A_b[x,y]":                  "requirement git+https://e.org/a.git@v1#egg=A_b[x,y] (a-b)",
		"https://e.org/a-1.tar.gz ; os_name=='a'":                  `requirement https://e.org/a-1.tar.gz ; os_name == "a" (a)`,
		"file:///dist/a-1.tar.gz":                                  "requirement file:///dist/a-1.tar.gz (a)",
		"-r more.txt":                                              "include more.txt",
		"-rmore.txt":                                               "include more.txt",
		"-r=more.txt":                                              "include more.txt",
		"-r = more.txt":                                            "include more.txt",
		"-r\tmore.txt # why":                                       "include more.txt",
		"--requirement more.txt":                                   "include more.txt",
		"--requirement=more.txt":                                   "include more.txt",
		"--requirem more.txt":                                      "include more.txt",
		`-r "my more.txt"`:                                         "include my more.txt",
		`--requirement='my more.txt'`:                              "include my more.txt",
		`-r my\ more.txt`:                                          "include my more.txt",
		"-c pins.txt":                                              "constraint pins.txt",
		"--constraint=https://e.org/c.txt":                         "constraint https://e.org/c.txt",
		"-e .":                                                     "editable .",
		"-e.":                                                      "editable .",
		"-e ./a[x]":                                                "editable ./a[x]",
		"-e ./a --config-settings x=y -C z=w":                      "editable ./a",
		"--no-require-hashes":                                      "options --no-require-hashes",
		"-e src":                                                   "editable src",
		"--editable=git+https://e.org/a#egg=A":                     "editable git+https://e.org/a#egg=A (a)",
		"-e 'my folder'":                                           "editable my folder",
		`-e ./a ; python_version < "3.12"`:                         "editable ./a",
		"-i https://e.org/simple":                                  "options --index-url=https://e.org/simple",
		"-ihttps://e.org":                                          "options --index-url=https://e.org",
		"--pypi-url=https://e.org":                                 "options --index-url=https://e.org",
		"--index-url https://e.org --extra-index-url https://f.org": "options --index-url=https://e.org --extra-index-url=https://f.org",
		"--extra-index-url https://${USER}:${TOKEN}@e.org/#x":       "options --extra-index-url=https://${USER}:${TOKEN}@e.org/#x",
		"--no-index --find-links ./wheels":                          "options --no-index --find-links=./wheels",
		"-f https://e.org/w.html":                                   "options --find-links=https://e.org/w.html",
		"--pre":                                                     "options --pre",
		"--only-binary=:all:":                                       "options --only-binary=:all:",
		"--no-binary numpy,scipy":                                   "options --no-binary=numpy,scipy",
		"--trusted-host e.org":                                      "options --trusted-host=e.org",
		"--require-hashes":                                          "options --require-hashes",
		"--prefer-binary":                                           "options --prefer-binary",
	} {
		line, err := requirement.ParseLine(text)
		if err != nil {
			t.Errorf("ParseLine(%q): %v", text, err)
			continue
		}
		if got := described(line); got != want {
			t.Errorf("ParseLine(%q) is %s, want %s", text, got, want)
		}
	}
}

func described(l requirement.Line) string {
	got := string(l.Kind)
	switch l.Kind {
	case requirement.Required:
		got += " " + l.Requirement.String()
		if l.Requirement.URL+l.Requirement.Path != "" && l.Requirement.Name != "" {
			got += " (" + l.Requirement.Name + ")"
		}
	case requirement.Options:
		for _, o := range l.Options {
			got += " " + o.String()
		}
	case requirement.Include, requirement.Constraint, requirement.Editable:
		got += " " + l.Path
		if l.Requirement.Name != "" {
			got += " (" + l.Requirement.Name + ")"
		}
	}
	return got
}

func TestWrongLines(t *testing.T) {
	for text, want := range map[string]string{
		"-r":                                 "expected a value of --requirement",
		"--requirement=":                     "the value of --requirement is empty",
		"-r a.txt -r b.txt":                  "stands on a line of its own",
		"-e . -C a=b --pre -C a=b":           "stands on a line of its own",
		"-e . --pre":                         "stands on a line of its own",
		"-x":                                 "unknown option",
		"--indx-url https://e.org":           "unknown option",
		"--pre=yes":                          "takes no value",
		"--pre yes":                          "expected an option",
		"--hash=sha256:00":                   "stands after the requirement",
		"-r 'a.txt":                          "a quote has no end",
		"-":                                  "expected an option",
		"--bogus":                            "unknown option",
		"--no-":                              "unknown option", // several begin so
		"numpy -r a.txt":                     "on a line of its own",
		"-e https://e.org/a b":               "expected an option",
		"--index-url https://e.org\n--pre x": "control character",
	} {
		if _, err := requirement.ParseLine(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseLine(%q): %v, want %q", text, err, want)
		}
	}
	_, err := requirement.ParseLine("--indx-url=https://e.org")
	if diff := cmp.Diff("write --index-url=https://e.org", err.(*requirement.Error).Suggestion()); diff != "" {
		t.Error(diff)
	}
}

func TestLocal(t *testing.T) {
	for text, want := range map[string]bool{
		"./a": true, "a/b.whl": true, "/a": true, "a-1.tar.gz": true, "file:///a": true, "FILE:///a": true, "a @ file:///a": true, "git+file:///a": true,
		`C:\a`: true, "~/a": true,
		"a": false, "a @ https://e.org/a.zip": false, "https://e.org/a.zip": false, "git+ssh://e.org/a": false, "a==1": false,
	} {
		if got := parsed(t, text).Local(); got != want {
			t.Errorf("%s is local: %v", text, got)
		}
	}
	if got := parsed(t, "a @ git+https://e.org/a").VCS(); got != "git" {
		t.Errorf("the VCS is %q", got)
	}
	if got := parsed(t, "a @ https://e.org/a").VCS(); got != "" {
		t.Errorf("the VCS is %q", got)
	}
}
