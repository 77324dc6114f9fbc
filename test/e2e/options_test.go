//go:build e2e

package e2e_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// canaryBuild is a project whose build is given a secret in both ways, and does
// with it what careless commands do. It ends with a command of the test's.
func canaryBuild(t *testing.T, on place, last string) (p *project, canary string) {
	t.Helper()
	canary = "canary/" + marker(t) + "+bird"
	careless := []string{
		`test "$TOKEN" = "` + canary[:8] + `""` + canary[8:] + `" && test "$(cat /tmp/key.pem)" = "first line of ` + canary[:8] + `""` + canary[8:] + `"`,
		`echo "token is $TOKEN"; echo "token is $TOKEN" >&2; cat /tmp/key.pem`,
		// In pieces, with something else on the other stream between them.
		`printf '%.9s' "$TOKEN"; echo noise >&2; printf '%s\n' "${TOKEN#?????????}"`,
		`printf %s "$TOKEN" | base64; printf 'user:%s' "$TOKEN" | base64`,
		`python3 -c "import os, urllib.parse as u; print(u.quote(os.environ['TOKEN'], safe=''))"`,
		"sha256sum /tmp/key.pem > /sum; " + last,
	}
	settings := fmt.Sprintf(`build_secrets: [{name: CANARY, env: TOKEN}, {name: key, file: ../key.pem, mount: /tmp/key.pem}], environment: {NEW: "%s"}, commands: [%s]`,
		marker(t), quotedList(t, careless))
	p = newProject(t, map[string]string{"stacks.hcl": stacks{registry: ownRegistry(t)}.hcl(t), "flow.yaml": flow("careless", settings, "true")}).on(on)
	p.env = append(p.env, "CANARY="+canary)
	key := filepath.Join(filepath.Dir(p.dir), "key.pem")
	if err := os.WriteFile(key, []byte("first line of "+canary), 0o600); err != nil {
		t.Fatal(err)
	}
	return p, canary
}

// quotedList is YAML of a list's items.
func quotedList(t *testing.T, items []string) string {
	t.Helper()
	var all []string
	for _, item := range items {
		text, err := json.Marshal(item)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(text))
	}
	return strings.Join(all, ", ")
}

// searcher fails a test for each place that has a secret in one of its forms.
type searcher struct {
	t     *testing.T
	forms []string
}

func search(t *testing.T, canary string) searcher {
	return searcher{t, []string{
		canary, strings.NewReplacer("/", "%2F", "+", "%2B").Replace(canary),
		base64.StdEncoding.EncodeToString([]byte(canary)), base64.StdEncoding.EncodeToString([]byte("user:" + canary))[8:20],
	}}
}

func (s searcher) in(what string, content []byte) {
	s.t.Helper()
	for _, form := range s.forms {
		if i := bytes.Index(content, []byte(form)); i >= 0 {
			s.t.Errorf("the secret is in %s, as %q: …%q…", what, form, content[max(0, i-40):min(len(content), i+80)])
		}
	}
}

// below searches all files of a folder.
func (s searcher) below(dir string) {
	s.t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil // engines go on working
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil {
			s.in(path, content)
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// processes searches the command lines of this machine until ctx ends, and
// calls seen each time that one of them has the mark.
func (s searcher) processes(ctx context.Context, mark string, seen func()) {
	for ctx.Err() == nil {
		all, err := filepath.Glob("/proc/[0-9]*/cmdline")
		if err != nil {
			s.t.Error(err)
			return
		}
		found := false
		for _, path := range all {
			if line, err := os.ReadFile(path); err == nil {
				found = found || bytes.Contains(line, []byte(mark))
				s.in(path, line)
			}
		}
		if found {
			seen()
		}
	}
}

// held is an address, with a mark in it, that answers when go on is called.
func held(t *testing.T) (address, mark string, goOn func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	released := make(chan struct{})
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-released:
		case <-r.Context().Done():
		}
	})}
	go func() { _ = server.Serve(listener) }() // ends with the listener
	t.Cleanup(func() { _ = server.Close() })
	mark = "held-" + marker(t)
	return fmt.Sprintf("http://%s:%d/%s", outward(t), listener.Addr().(*net.TCPAddr).Port, mark), mark, sync.OnceFunc(func() { close(released) })
}

// TestBuildSecretIsNowhere: after a build that was given a secret, and printed
// it in every way that one does without meaning to, it is in nothing that is
// left, and was in no command line while it ran.
func TestBuildSecretIsNowhere(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		// The build ends when its own process is among those that were looked at.
		address, mark, goOn := held(t)
		p, canary := canaryBuild(t, on, `python3 -c "import urllib.request as u; u.urlopen('`+address+`')"`)
		s := search(t, canary)
		watching, stop := context.WithCancel(t.Context())
		var watcher sync.WaitGroup
		watcher.Go(func() { s.processes(watching, mark, goOn) })
		r := p.stack("build", "flow.yaml", "-o", "json")
		stop()
		watcher.Wait()
		if r.code != 0 {
			t.Fatal(r)
		}
		s.in("the output of the build", []byte(r.all()))
		if !strings.Contains(r.all(), "token is ***") {
			t.Errorf("the build did not print what it was to print:\n%s", r)
		}
		for _, args := range [][]string{{"plan", "flow.yaml", "-o", "json"}, {"build", "flow.yaml", "--why"}, {"run", "flow.yaml"}, {"explain", "flow.yaml"}} {
			s.in("the output of stack "+args[0], []byte(p.must(0, args...).all()))
		}
		im := images(t, p.must(0, "build", "flow.yaml", "--why", "-o", "json"))[0]
		s.in("the image", on.exported(t, im.Reference))
		s.in("the image's configuration", on.get(t, "/images/"+im.Reference+"/json", nil))
		s.in("the image's history", on.get(t, "/images/"+im.Reference+"/history", nil))
		s.in("the image in the registry", published(t, im.Reference))
		s.below(p.path(".stack"))
		s.below(filepath.Dir(on.socket())) // all that the engine keeps, and its log
	})
}

// TestBuildSecretIsNotInAnError: what a failed build shows is its log.
func TestBuildSecretIsNotInAnError(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		p, canary := canaryBuild(t, on, "exit 3")
		s := search(t, canary)
		for _, args := range [][]string{{"build", "flow.yaml"}, {"run", "flow.yaml", "-o", "json"}} {
			r := p.must(5, args...)
			p.wants(r, "STK5001")
			s.in("the error of stack "+args[0], []byte(r.all()))
		}
		s.below(p.path(".stack"))
	})
}

// published is the manifest and the configuration of an image in the registry:
// one image, without attestations of how it was built.
func published(t *testing.T, reference string) []byte {
	t.Helper()
	host, rest, _ := strings.Cut(reference, "/")
	repository, tag, _ := strings.Cut(rest, ":")
	get := func(path string) []byte {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+"/v2/"+repository+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept", "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("GET %s: %s (%v)", path, response.Status, err)
		}
		return body
	}
	manifest := get("/manifests/" + tag)
	var m struct{ Config struct{ Digest string } }
	if err := json.Unmarshal(manifest, &m); err != nil || m.Config.Digest == "" {
		t.Fatalf("%s is not one image: %s", reference, manifest)
	}
	return append(manifest, get("/blobs/"+m.Config.Digest)...)
}

// TestBuildOptions: each option is seen by the commands of the build.
func TestBuildOptions(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		t.Run("network", func(t *testing.T) {
			for network, command := range map[string]string{
				"none": `test "$(ls /sys/class/net)" = lo`, "default": "test -e /sys/class/net/eth0", "host": "test -e /sys/class/net/stacke2e-a",
			} {
				p := optionsProject(t, on, "{network: "+network+"}", command)
				p.must(0, "build", "flow.yaml")
			}
		})
		t.Run("extra_hosts", func(t *testing.T) {
			p := optionsProject(t, on, `{extra_hosts: {one.test: 10.1.2.3}}`, `grep -q '10.1.2.3.*one.test' /etc/hosts`)
			p.must(0, "build", "flow.yaml")
		})
		t.Run("shm_size", func(t *testing.T) {
			p := optionsProject(t, on, `{shm_size: 100MiB}`, `grep ' /dev/shm ' /proc/mounts | grep -q size=102400k`)
			if on.name == "b" {
				p.must(0, "build", "flow.yaml")
				return
			}
			p.wants(p.must(2, "build", "flow.yaml"), "STK5005", "shm_size", "Docker Engine 20.10")
		})
		t.Run("cache", func(t *testing.T) {
			p := optionsProject(t, on, `{cache_to: "type=inline"}`, "date +%N > /when")
			p.write(".dockerignore", "flow.yaml\n")
			p.must(0, "build", "flow.yaml")
			first := images(t, p.must(0, "build", "flow.yaml", "--why", "-o", "json"))[0]
			p.write("flow.yaml", strings.Replace(p.read("flow.yaml"), `{cache_to: "type=inline"}`, `{cache_from: ["`+first.Reference+`"]}`, 1))
			if again := images(t, p.must(0, "build", "flow.yaml", "--why", "-o", "json"))[0]; again.Key != first.Key || again.Action != "reuse" {
				t.Errorf("caches are part of the key: %+v, %+v", first, again)
			}
		})
		t.Run("cache in a registry", func(t *testing.T) {
			cache := ownRegistry(t) + "/cache:1"
			p := optionsProject(t, on, `{cache_to: ["type=registry,mode=max,ref=`+cache+`"], cache_from: ["`+cache+`"]}`, "date +%N > /when")
			if on.name == "a" {
				p.wants(p.must(2, "build", "flow.yaml"), "STK5005", "cache_to", "Docker Engine 20.10", "type=inline")
				return
			}
			p.wants(p.must(0, "build", "flow.yaml"), "warning: cache_from "+cache+" was not used") // it is not there yet
			if !bytes.Contains(published(t, cache), []byte("cacheconfig")) {
				t.Errorf("%s is no cache", cache)
			}
		})
	})
}

// optionsProject is a flow whose image is built with options by one command.
func optionsProject(t *testing.T, on place, build, command string) *project {
	t.Helper()
	settings := fmt.Sprintf(`build: %s, environment: {NEW: "%s"}, commands: [%s]`, build, marker(t), quotedList(t, []string{command}))
	return newProject(t, map[string]string{"stacks.hcl": stacks{registry: ownRegistry(t)}.hcl(t), "flow.yaml": flow("options", settings, "true")}).on(on)
}
