package builder

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/client"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/source"
)

func TestFiles_WalkIsAFoldersOrder(t *testing.T) {
	f := newFiles([]source.File{
		source.Bytes("a.txt", nil, false), source.Bytes("a/z", nil, true), source.Bytes("a-b/c", nil, false),
		{Path: "link", Type: source.Link, Target: "a/z"},
	})
	for target, want := range map[string][]string{
		"/":   {"a", "a/z", "a-b", "a-b/c", "a.txt", "link"},
		"a":   {"a", "a/z"},
		"a-b": {"a-b", "a-b/c"},
	} {
		var got []string
		err := f.Walk(t.Context(), target, func(path string, d fs.DirEntry, err error) error {
			got = append(got, path)
			return err
		})
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("walk of %s: %v (-want +got):\n%s", target, err, diff)
		}
	}
}

func TestFiles_TimeStandsForContent(t *testing.T) {
	one, two := stat(source.Bytes("a", []byte("1"), false)), stat(source.Bytes("a", []byte("2"), false))
	again := stat(source.Bytes("b", []byte("1"), true))
	if one.ModTime == two.ModTime || one.ModTime != again.ModTime || one.ModTime < firstTime {
		t.Errorf("times %d %d %d", one.ModTime, two.ModTime, again.ModTime)
	}
}

func TestFiles_OpenRefusesWhatChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("content"), 0o644); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("content"))
	good := source.File{Path: "f", Source: path, Type: source.Regular, Size: 7, Digest: hex.EncodeToString(sum[:])}
	changed, gone := good, good
	changed.Digest = hex.EncodeToString(sum[:16]) + hex.EncodeToString(sum[:16])
	gone.Source += "-gone"
	for name, c := range map[string]struct {
		file source.File
		open string
		ok   bool
	}{
		"good": {good, "f", true}, "changed": {changed, "f", false}, "gone": {gone, "f", false}, "not listed": {good, "../f", false},
	} {
		t.Run(name, func(t *testing.T) {
			stopped := false
			f := newFiles([]source.File{c.file})
			f.stop = func() { stopped = true }
			r, err := f.Open(c.open)
			if err != nil {
				t.Fatal("Open failed, and an empty file would be sent")
			}
			defer r.Close()
			buffer := make([]byte, 64)
			for err == nil {
				_, err = r.Read(buffer)
			}
			if refused := f.refused() != nil; refused == c.ok || stopped == c.ok {
				t.Errorf("refused %v, stopped %v: %v", refused, stopped, f.refused())
			}
		})
	}
}

func TestLocate(t *testing.T) {
	home := t.TempDir()
	write := func(path, text string) {
		t.Helper()
		path = filepath.Join(home, ".docker", path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("config.json", `{"currentContext":"remote"}`)
	sum := sha256.Sum256([]byte("remote"))
	id := hex.EncodeToString(sum[:])
	write("contexts/meta/"+id+"/meta.json", `{"Name":"remote","Endpoints":{"docker":{"Host":"tcp://10.0.0.7:2376"}}}`)
	write("contexts/tls/"+id+"/docker/ca.pem", "x")
	for name, c := range map[string]struct {
		config config
		env    map[string]string
		host   string
		code   diag.Code
	}{
		"default":         {config{}, map[string]string{}, client.DefaultDockerHost, ""},
		"current context": {config{}, map[string]string{"HOME": home}, "tcp://10.0.0.7:2376", ""},
		"DOCKER_HOST":     {config{}, map[string]string{"HOME": home, "DOCKER_HOST": "unix:///x.sock"}, "unix:///x.sock", ""},
		"DOCKER_CONTEXT":  {config{}, map[string]string{"HOME": home, "DOCKER_CONTEXT": "default"}, client.DefaultDockerHost, ""},
		"host":            {config{Host: "unix:///y.sock"}, map[string]string{"DOCKER_HOST": "unix:///x.sock"}, "unix:///y.sock", ""},
		"no context":      {config{Context: "none"}, map[string]string{"HOME": home}, "", diag.BuilderDown},
		"ssh":             {config{Host: "ssh://me@there"}, map[string]string{}, "", diag.BuilderCannot},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := locate(c.config, c.env)
			if p.host != c.host {
				t.Errorf("host %q, want %q", p.host, c.host)
			}
			if name == "current context" && p.ca == "" {
				t.Error("the context's certificates were not found")
			}
			if list := diag.FromError(err); c.code != "" && (len(list) != 1 || list[0].Code != c.code) || c.code == "" && err != nil {
				t.Errorf("error %v, want %s", err, c.code)
			}
		})
	}
}

func TestMasker(t *testing.T) {
	secrets := []build.Secret{{Name: "a", Value: []byte("tok-123456\n")}, {Name: "key", Value: []byte("line-one\nline-two\n")}, {Name: "s", Value: []byte("ab")}, {Name: "begin", Value: []byte("line-two-and-more")}}
	proxy := map[string]string{
		"HTTP_PROXY": "http://corp:p%40ss%3Aword@proxy.corp:3128", "HTTPS_PROXY": "http://me:pw@proxy:1", "ALL_PROXY": "socks5://tokentoken@proxy",
		"FTP_PROXY": "http://odd:a/b@c%zz@proxy", "NO_PROXY": "localhost,.corp", "http_proxy": "http://proxy.corp:3128",
	}
	m := masker(secrets, proxy)
	for text, want := range map[string]string{
		"x tok-123456 line-two ab":             "x *** *** ab",
		"line-two-and-more":                    "***", // not "***-and-more"
		"via http://corp:p%40ss%3Aword@proxy":  "via http://***@proxy",
		"user corp:p@ss:word is refused":       "user *** is refused",
		"password p@ss:word, or p%40ss%3Aword": "password ***, or ***",
		"Basic Y29ycDpwQHNzOndvcmQ=":           "Basic ***",
		"http://me:pw@proxy:1, pw":             "http://***@proxy:1, pw",
		"socks5://tokentoken@proxy":            "socks5://***@proxy",
		"odd:a/b@c%zz":                         "***",
		"http://proxy.corp:3128 localhost":     "http://proxy.corp:3128 localhost",
	} {
		if got := m.Replace(text); got != want {
			t.Errorf("%q is masked as %q, want %q", text, got, want)
		}
	}
}

func TestEngineIsDown(t *testing.T) {
	b := New(Options{Environ: []string{"DOCKER_HOST=unix://" + filepath.Join(t.TempDir(), "none.sock")}})
	defer b.Close()
	if _, err := b.Ready(t.Context()); err == nil || diag.FromError(err)[0].Code != diag.BuilderDown || diag.FromError(err)[0].Suggestion == "" {
		t.Errorf("Ready = %v", err)
	}
	for _, push := range []bool{false, true} {
		_, err := b.Build(t.Context(), build.Request{Destination: "reg/app:1", Push: push, Stages: []image.Stage{{Dockerfile: []byte("FROM scratch\n")}}}, nil)
		if err == nil || diag.FromError(err)[0].Code != diag.BuilderDown || !strings.Contains(diag.FromError(err)[0].Suggestion, "start the Docker Engine") {
			t.Errorf("Build = %v", err)
		}
	}
}

// An engine that goes away during a build is told by BuildKit's client in words.
func TestEngineGoesAway(t *testing.T) {
	engine, err := client.New(client.WithHost("unix:///nope.sock"))
	if err != nil {
		t.Fatal(err)
	}
	dial := errors.New("failed to dial gRPC: cannot connect to the Docker daemon. Is 'docker daemon' running on this host?: dial unix /nope.sock")
	got := diag.FromError(buildFailure(t.Context(), engine, build.Request{Destination: "reg/app:1"}, image.Stage{}, newFiles(nil), newWatcher(nil, masker(nil, nil)), dial))[0]
	if got.Code != diag.BuilderDown || !strings.Contains(got.Suggestion, "start the Docker Engine") {
		t.Errorf("%+v", got)
	}
}

// What changed is named as the user names it, whatever we call it.
func TestFiles_ChangedFileIsNamedAsTheUserDoes(t *testing.T) {
	root := t.TempDir()
	log := filepath.Join(root, "run.log")
	if err := os.WriteFile(log, []byte("more"), 0o644); err != nil {
		t.Fatal(err)
	}
	was := source.File{Source: log, Type: source.Regular, Size: 4, Digest: strings.Repeat("0", 64)}
	at := func(path string) source.File { f := was; f.Path = path; return f }
	for name, c := range map[string]struct {
		files []source.File
		open  string
		want  string
	}{
		"made of settings":            {[]source.File{{Path: "source", Type: source.Directory}, at("source/run.log")}, "source/run.log", "run.log"},
		"source/source":               {[]source.File{{Path: "source", Type: source.Directory}, at("source/source/run.log")}, "source/source/run.log", "source/run.log"},
		"a Dockerfile's own":          {[]source.File{at("run.log")}, "run.log", "run.log"},
		"a Dockerfile's own, source/": {[]source.File{{Path: "source", Type: source.Directory, Source: root}, at("source/run.log")}, "source/run.log", "source/run.log"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFiles(c.files)
			r, err := f.Open(c.open)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if _, err := io.ReadAll(r); err == nil {
				t.Fatal("what changed was let through")
			}
			engine, err := client.New(client.WithHost("unix:///nope.sock"))
			if err != nil {
				t.Fatal(err)
			}
			got := diag.FromError(buildFailure(t.Context(), engine, build.Request{Destination: "app:1"}, image.Stage{}, f, newWatcher(nil, masker(nil, nil)), errors.New("canceled")))[0]
			if got.Summary != c.want+" changed while the image was built" || !strings.Contains(got.Suggestion, "add "+c.want+" to .dockerignore") {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestConfigure(t *testing.T) {
	for raw, ok := range map[string]bool{`{}`: true, `null`: true, `{"host":"unix:///x"}`: true, `{"hots":"x"}`: false, `{"host":"unix:///x","context":"y"}`: false} {
		if err := New(Options{}).Configure(t.Context(), json.RawMessage(raw)); (err == nil) != ok {
			t.Errorf("Configure(%s) = %v", raw, err)
		}
	}
}
