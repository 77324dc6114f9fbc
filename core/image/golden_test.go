package image_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/source"
)

var update = flag.Bool("update", false, "write what is rendered into the golden files")

// Each file of testdata/dockerfiles is an archive of image.yaml, the files of
// the source below source/, and what is rendered: result/N.Dockerfile and the
// context of each stage.
func TestGolden(t *testing.T) {
	names, err := filepath.Glob("testdata/dockerfiles/*.txtar")
	must(t, err)
	if len(names) < 10 {
		t.Fatalf("%d golden files", len(names))
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { golden(t, name) })
	}
}

func golden(t *testing.T, name string) {
	archive, err := txtar.ParseFile(name)
	must(t, err)
	var text string
	files := map[string]string{}
	var kept []txtar.File
	want := map[string]string{}
	for _, f := range archive.Files {
		switch {
		case f.Name == "image.yaml":
			text = string(f.Data)
		case strings.HasPrefix(f.Name, "source/"):
			files[strings.TrimPrefix(f.Name, "source/")] = string(f.Data)
		default:
			want[f.Name] = string(f.Data)
			continue
		}
		kept = append(kept, f)
	}
	root := lay(t, files)
	o := image.Options{SourceRoot: root, Lookup: lookup(map[string]string{"HOME": "/home/me"}), StackRequirements: nil}
	if !bytes.Contains(archive.Comment, []byte("no source")) {
		o.Tree = scan(t, root)
	}
	if bytes.Contains(archive.Comment, []byte("stack requirements")) {
		o.StackRequirements = []string{"mlflow-skinny>=2.14"}
	}
	if bytes.Contains(archive.Comment, []byte("mirror")) {
		o.Mirrors = map[string]string{"docker.io": "mirror.corp/hub"}
	}
	im := compile(t, text, o)
	stages, err := im.Stages(image.BuildKit())
	must(t, err)
	got := map[string]string{}
	for i, s := range stages {
		got[fmt.Sprintf("result/%d.Dockerfile", i+1)] = string(s.Dockerfile)
		got[fmt.Sprintf("result/%d.context", i+1)] = contents(s)
		if strings.Contains(string(s.Dockerfile), root) {
			t.Errorf("stage %d names a folder of this machine", i+1)
		}
	}
	if *update {
		var all []string
		for n := range got {
			all = append(all, n)
		}
		sort.Strings(all)
		for _, n := range all {
			kept = append(kept, txtar.File{Name: n, Data: []byte(got[n])})
		}
		must(t, os.WriteFile(name, txtar.Format(&txtar.Archive{Comment: archive.Comment, Files: kept}), 0o644))
		return
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// contents is a stage's files, and what else it is built with, for people.
func contents(s image.Stage) string {
	var b strings.Builder
	for _, f := range s.Files {
		fmt.Fprintf(&b, "%s %s %d\n", f.Type, f.Path, f.Size)
		if strings.HasSuffix(f.Path, ".txt") && f.Type == source.Regular && f.Content != nil {
			for _, line := range strings.Split(strings.TrimSuffix(string(f.Content), "\n"), "\n") {
				fmt.Fprintf(&b, "    %s\n", line)
			}
		}
	}
	var args []string
	for k, v := range s.Args {
		args = append(args, fmt.Sprintf("arg %s=%q\n", k, v))
	}
	sort.Strings(args)
	b.WriteString(strings.Join(args, ""))
	for _, o := range []struct{ name, value string }{{"base", s.Base}, {"target", s.Target}} {
		if o.value != "" {
			fmt.Fprintf(&b, "%s %s\n", o.name, o.value)
		}
	}
	if s.Pull {
		b.WriteString("pull\n")
	}
	for k, v := range s.Options {
		fmt.Fprintf(&b, "option %s=%v\n", k, v)
	}
	return b.String()
}
