package source_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/patternmatcher/ignorefile"
	"github.com/tonistiigi/fsutil"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/source"
)

var forest = map[string]string{
	"a.py": "", "b.pyc": "", "data/big.bin": "", "data/keep/small.csv": "", "data/keep/deep/x.csv": "", "data/other/y.csv": "",
	"foo": "", "foobar/keep": "", "foo2/keep": "", "src/a.py": "", "src/b.pyc": "", "src/test/t.py": "", "src/test/keep.py": "",
	"#hash": "", " space": "", "x/y/z/w": "", "x/y/other": "", "node_modules/m/index.js": "", "node_modules/m/README.md": "", "empty/": "",
}

var ignoreFiles = []string{
	"", "data", "*", "**", "*\n!src", "*\n!src/*.py", "**/*.pyc", "data\n!data/keep", "data/*\n!data/keep/deep/*", "*\n!**/*.py",
	"foo*\n!foo*/keep", "foo\n!foo**", "# comment\n\n  data  \n", "/data", "data/", "!data\ndata", "data\n!data\ndata/big.bin",
	"x/**/w", "x\n!x/y/z", "**/test\n!**/keep.py", "node_modules\n!node_modules/*/README.md", "\\#hash", "./src", "src/../data", "[ab].py*",
	"*/*\n!*/keep*", "?oo", "**/", "x/*\n!x/y\nx/y/z", "\ufeffdata", "data\r\nsrc\r\n", "*\n!x/y/other\n!empty",
}

// dockers is what Docker's own client would send with this ignore file.
func dockers(t testing.TB, root, ignore string) ([]string, error) {
	patterns, err := ignorefile.ReadAll(bytes.NewReader([]byte(ignore)))
	must(t, err)
	whole, err := fsutil.NewFS(root)
	must(t, err)
	filtered, err := fsutil.NewFilterFS(whole, &fsutil.FilterOpt{ExcludePatterns: patterns})
	if err != nil {
		return nil, err
	}
	var all []string
	err = filtered.Walk(context.Background(), "", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			path += "/"
		}
		all = append(all, path)
		return nil
	})
	sort.Strings(all)
	return all, err
}

func compareWithDocker(t testing.TB, root, ignore string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ignore")
	must(t, os.WriteFile(file, []byte(ignore), 0o644))
	want, refused := dockers(t, root, ignore)
	tree, err := source.Scan(context.Background(), source.Options{Root: root, IgnoreFile: file})
	if refused != nil {
		if err == nil {
			t.Errorf("%q: Docker refuses it: %v", ignore, refused)
		}
		return
	}
	must(t, err)
	got := paths(tree)
	sort.Strings(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("with %q (-docker +ours):\n%s", ignore, d)
	}
}

func TestIgnoreAsDocker(t *testing.T) {
	root := lay(t, forest)
	for _, ignore := range ignoreFiles {
		compareWithDocker(t, root, ignore)
	}
}

func FuzzIgnoreAsDocker(f *testing.F) {
	for _, ignore := range ignoreFiles {
		f.Add(ignore)
	}
	root := lay(f, forest)
	f.Fuzz(func(t *testing.T, ignore string) {
		if len(ignore) > 200 || strings.ContainsRune(ignore, 0) {
			t.Skip()
		}
		compareWithDocker(t, root, ignore)
	})
}

func TestIgnoreFile(t *testing.T) {
	root := lay(t, map[string]string{".dockerignore": "a\n", "a": "", "b": "", "mine": "b\n"})
	if d := cmp.Diff([]string{".dockerignore", "b", "mine"}, paths(scan(t, source.Options{Root: root}))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{".dockerignore", "a", "mine"}, paths(scan(t, source.Options{Root: root, IgnoreFile: root + "/mine"}))); d != "" {
		t.Error(d)
	}
	_, err := source.Scan(context.Background(), source.Options{Root: root, IgnoreFile: root + "/none"})
	if !errors.Is(err, fs.ErrNotExist) || diag.FromError(err)[0].Code != diag.FileUnreadable {
		t.Errorf("an ignore file that is not there: %v", err)
	}
	put(t, root, "mine", "b\n\n[\n")
	_, err = source.Scan(context.Background(), source.Options{Root: root, IgnoreFile: root + "/mine"})
	if l := diag.FromError(err); len(l) != 1 || l[0].Code != diag.Syntax || l[0].Range == nil || l[0].Range.Line != 3 {
		t.Errorf("a wrong pattern: %+v", err)
	}
}

// A folder that nothing can be re-included from is not even opened.
func TestIgnoredFoldersAreNotRead(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Log("root can read every folder; TestIgnoreAsDocker covers the result")
		return
	}
	root := lay(t, map[string]string{"secret/x": "", "a": "", ".dockerignore": "secret\n!other\n"})
	must(t, os.Chmod(root+"/secret", 0))
	defer os.Chmod(root+"/secret", 0o755)
	scan(t, source.Options{Root: root})
}
