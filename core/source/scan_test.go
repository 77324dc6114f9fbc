package source_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/source"
)

// lay writes files below a new folder: "name" → content, "name/" → a folder,
// "name@" → a link to the content.
func lay(t testing.TB, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		put(t, root, name, content)
	}
	return root
}

func put(t testing.TB, root, name, content string) {
	t.Helper()
	path := filepath.Join(root, strings.TrimRight(name, "@"))
	if strings.HasSuffix(name, "/") {
		must(t, os.MkdirAll(path, 0o755))
		return
	}
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	if strings.HasSuffix(name, "@") {
		must(t, os.Symlink(content, path))
		return
	}
	must(t, os.WriteFile(path, []byte(content), 0o644))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func scan(t testing.TB, o source.Options) *source.Tree {
	t.Helper()
	tree, err := source.Scan(context.Background(), o)
	must(t, err)
	return tree
}

func paths(tree *source.Tree) []string {
	var all []string
	for _, f := range tree.Files() {
		mark := map[source.FileType]string{source.Directory: "/", source.Link: "@"}[f.Type]
		if f.Exec {
			mark = "*"
		}
		all = append(all, f.Path+mark)
	}
	return all
}

func TestScan(t *testing.T) {
	root := lay(t, map[string]string{
		"train.py": "x", "pkg/a b.py": "y", "empty/": "", "zero": "", "run.sh": "#!/bin/sh", "pkg/link@": "../train.py",
		".git/config": "c", ".stack/x": "c", "sub/.git": "gitdir: /home/me", "sub/.stack/y": "c", "\n nasty\n": "n", "ünï": "u", "dangling@": "nowhere",
	})
	must(t, os.Chmod(filepath.Join(root, "run.sh"), 0o755))
	got := scan(t, source.Options{Root: root})
	want := []string{"\n nasty\n", "dangling@", "empty/", "pkg/", "pkg/a b.py", "pkg/link@", "run.sh*", "sub/", "train.py", "zero", "ünï"}
	if d := cmp.Diff(want, paths(got)); d != "" {
		t.Error(d)
	}
	f := got.Files()[8]
	if f.Digest != "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" || f.Size != 1 || f.Source != filepath.Join(root, "train.py") {
		t.Errorf("%+v", f)
	}
	if len(got.Digest()) != 64 || len(got.Warnings()) != 0 {
		t.Errorf("digest %q, warnings %v", got.Digest(), got.Warnings())
	}
}

func TestDigestCounts(t *testing.T) {
	base := map[string]string{"a/b": "1", "c": "2", "l@": "c", "d/": ""}
	digest := func(change func(root string)) string {
		root := lay(t, base)
		change(root)
		return scan(t, source.Options{Root: root}).Digest()
	}
	same := digest(func(string) {})
	for name, change := range map[string]func(root string){
		"content":         func(r string) { put(t, r, "c", "3") },
		"new file":        func(r string) { put(t, r, "e", "") },
		"new folder":      func(r string) { put(t, r, "e/", "") },
		"executable":      func(r string) { must(t, os.Chmod(r+"/c", 0o755)) },
		"renamed":         func(r string) { must(t, os.Rename(r+"/c", r+"/cc")) },
		"moved":           func(r string) { must(t, os.Rename(r+"/a/b", r+"/d/b")) },
		"link target":     func(r string) { must(t, os.Remove(r+"/l")); put(t, r, "l@", "./c") },
		"link to file":    func(r string) { must(t, os.Remove(r+"/l")); put(t, r, "l", "c") },
		"folder gone":     func(r string) { must(t, os.Remove(r+"/d")) },
		"folder to file":  func(r string) { must(t, os.Remove(r+"/d")); put(t, r, "d", "") },
		"one byte longer": func(r string) { put(t, r, "c", "2\n") },
	} {
		if digest(change) == same {
			t.Errorf("%s: the digest did not change", name)
		}
	}
	for name, change := range map[string]func(root string){
		"time":        func(r string) { must(t, os.Chtimes(r+"/c", time.Unix(1, 0), time.Unix(1, 0))) },
		"group write": func(r string) { must(t, os.Chmod(r+"/c", 0o666)) },
		"folder mode": func(r string) { must(t, os.Chmod(r+"/d", 0o700)) },
		"git":         func(r string) { put(t, r, ".git/index", "x") },
		"state":       func(r string) { put(t, r, ".stack/runs/1", "x") },
		"written":     func(r string) { must(t, os.Remove(r+"/c")); put(t, r, "c", "2") },
	} {
		if digest(change) != same {
			t.Errorf("%s: the digest changed", name)
		}
	}
}

func TestOutside(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		bad   string // the link that is refused, or empty
	}{
		"absolute":        {map[string]string{"l@": "/etc/passwd"}, "l"},
		"up":              {map[string]string{"a/l@": "../../x"}, "a/l"},
		"up and back":     {map[string]string{"a/l@": "../../a/x"}, "a/l"},
		"through a link":  {map[string]string{"p/q/l@": "../..", "x@": "p/q/l/../out"}, "x"},
		"through outside": {map[string]string{"y@": "a/../../z"}, "y"},
		"to the root":     {map[string]string{"a/l@": ".."}, ""},
		"inside":          {map[string]string{"a/l@": "../b/./c", "b/c": ""}, ""},
		"circle":          {map[string]string{"a@": "b", "b@": "a"}, ""},
		"itself":          {map[string]string{"a@": "a/a"}, ""},
		"ignored":         {map[string]string{".venv/bin/python@": "/usr/bin/python3", ".dockerignore": ".venv"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := source.Scan(context.Background(), source.Options{Root: lay(t, c.files)})
			var list diag.List
			if c.bad == "" {
				must(t, err)
				return
			}
			if !errors.As(err, &list) || len(list) != 1 || list[0].Code != diag.OutsideSource || !strings.Contains(list[0].Summary, `"`+c.bad+`"`) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestOutsideManyIsShort(t *testing.T) {
	files := map[string]string{}
	for i := range 40 {
		files[fmt.Sprintf("l%02d@", i)] = "/etc"
	}
	_, err := source.Scan(context.Background(), source.Options{Root: lay(t, files)})
	list := diag.FromError(err)
	if len(list) != 10 || !strings.Contains(list[9].Detail, "30 more") {
		t.Errorf("got %d: %v", len(list), list)
	}
}

func TestBadDays(t *testing.T) {
	root := lay(t, map[string]string{"a": "1"})
	must(t, unix.Mkfifo(root+"/pipe", 0o644))
	tree := scan(t, source.Options{Root: root})
	if len(tree.Warnings()) != 1 || !strings.Contains(tree.Warnings()[0].Summary, `"pipe"`) || tree.Warnings().HasErrors() {
		t.Errorf("warnings %v", tree.Warnings())
	}
	if d := cmp.Diff([]string{"a"}, paths(tree)); d != "" {
		t.Error(d)
	}

	root = lay(t, map[string]string{"a": "1"})
	if err := os.WriteFile(root+"/bad\xff", nil, 0o644); err == nil { // some file systems refuse the name
		_, err := source.Scan(context.Background(), source.Options{Root: root})
		if l := diag.FromError(err); len(l) != 1 || l[0].Code != diag.BadName || !strings.Contains(l[0].Summary, `bad\xff`) {
			t.Errorf("got %v", err)
		}
	}

	_, err := source.Scan(context.Background(), source.Options{Root: root + "/nowhere"})
	if l := diag.FromError(err); len(l) != 1 || l[0].Code != diag.FileUnreadable {
		t.Errorf("a root that is not there: %v", err)
	}

	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := source.Scan(stopped, source.Options{Root: root}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Log("root reads everything; the rest of this test needs another user")
		return
	}
	root := lay(t, map[string]string{"a": "1", "d/x": "", "seen": ""})
	must(t, os.Chmod(root+"/a", 0))
	must(t, os.Chmod(root+"/d", 0))
	defer os.Chmod(root+"/d", 0o755)
	_, err := source.Scan(context.Background(), source.Options{Root: root})
	if l := diag.FromError(err); len(l) != 2 || l[0].Code != diag.FileUnreadable {
		t.Errorf("got %v", err)
	}
	put(t, root, ".dockerignore", "a\nd\n")
	scan(t, source.Options{Root: root})
}

func TestFindRoot(t *testing.T) {
	root := lay(t, map[string]string{"repo/.stack/": "", "repo/flows/deep/flow.yaml": "", "other/flow.yaml": "", "repo/flows/.stack": "a file"})
	for flow, want := range map[string]string{"repo/flows/deep/flow.yaml": "repo", "other/flow.yaml": "other", "repo/flow.yaml": "repo"} {
		got, err := source.FindRoot(filepath.Join(root, flow), root)
		if err != nil || got != filepath.Join(root, want) {
			t.Errorf("FindRoot(%s) = %s, %v", flow, got, err)
		}
	}
	// A ceiling is the root of flows directly in it only.
	for flow, want := range map[string]string{"repo/flow.yaml": "repo", "repo/flows/deep/flow.yaml": "repo/flows/deep"} {
		got, err := source.FindRoot(filepath.Join(root, flow), filepath.Join(root, "repo"))
		if err != nil || got != filepath.Join(root, want) {
			t.Errorf("with a ceiling, FindRoot(%s) = %s, %v", flow, got, err)
		}
	}
}
