package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testName = regexp.MustCompile(`^(Test|Example|Fuzz)[A-Za-z0-9_]*$`)
	testFunc = regexp.MustCompile(`(?m)^func ((?:Test|Example|Fuzz)[A-Za-z0-9_]*)\(`)
)

// testFiles is the text of every file of tests, and the names and texts of
// their data, by folder.
func testFiles(t *testing.T) (functions map[string][]string, texts map[string]string) {
	t.Helper()
	functions, texts = map[string][]string{}, map[string]string{}
	top := root(t)
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != top {
			return fs.SkipDir
		}
		folder, data, isData := strings.Cut(path, "/testdata/")
		switch {
		case d.IsDir():
		case isData:
			texts[folder] += "\n" + data
		case strings.HasSuffix(path, "_test.go"):
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			folder := filepath.Dir(path)
			texts[folder] += "\n" + string(text)
			for _, m := range testFunc.FindAllStringSubmatch(string(text), -1) {
				functions[m[1]] = append(functions[m[1]], folder)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return functions, texts
}

// TestFeatures: every row of docs/features.md names tests that there are, or
// says that the feature is not in this version.
func TestFeatures(t *testing.T) {
	functions, texts := testFiles(t)
	rows := 0
	for i, line := range strings.Split(read(t, "docs/features.md").text, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || strings.HasPrefix(cells[1], "---") || strings.TrimSpace(cells[1]) == "there" {
			if strings.HasPrefix(line, "|") && len(cells) != 5 {
				t.Errorf("line %d: a row has three cells", i+1)
			}
			continue
		}
		rows++
		if strings.TrimSpace(cells[3]) == "not in this version" {
			continue
		}
		named := inCode.FindAllStringSubmatch(cells[3], -1)
		if len(named) == 0 {
			t.Errorf("line %d: no test is named", i+1)
		}
		for _, m := range named {
			name, part, hasPart := strings.Cut(m[1], "/")
			if !testName.MatchString(name) || len(functions[name]) == 0 {
				t.Errorf("line %d: there is no test %s", i+1, name)
				continue
			}
			found := !hasPart
			for _, folder := range functions[name] {
				found = found || strings.Contains(texts[folder], `"`+part+`"`) || strings.Contains(texts[folder], "/"+part+".")
			}
			if !found {
				t.Errorf("line %d: %s has no %q", i+1, name, part)
			}
		}
	}
	if rows < 120 {
		t.Errorf("only %d features were found", rows)
	}
}
