//go:build e2e

package e2e_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// TestImageSecretIsNowhere: build secrets reach what is to read them, and are
// then in no layer, configuration, history, attestation, output, record or
// process list.
func TestImageSecretIsNowhere(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		c := &canaries{t: t, forms: map[string]string{}}
		inVariable, inFile, inLayer, inDockerfile := c.hatch("variable"), c.hatch("file"), c.hatch("layer"), c.hatch("dockerfile")
		hold := startHold(t)
		wait := "python -c 'import urllib.request; urllib.request.urlopen(\\\"http://" + hold.address + "/\\\").read()'"
		p := newProject(t, map[string]string{
			"stacks.hcl":       stacks{registry: ownRegistry(t)}.hcl(t),
			"private/tok.txt":  inFile + "\n",
			"private/else.txt": "no secret\n",
			"own/tok.txt":      inDockerfile,
			"own/Dockerfile": "FROM python:3.11-slim\nCOPY . /context\nRUN --mount=type=secret,id=DOCKERFILE_CANARY,required=true : " + marker(t) + "; sha256sum < /run/secrets/DOCKERFILE_CANARY > /proof; cat /run/secrets/DOCKERFILE_CANARY; echo\n" +
				"RUN --mount=type=secret,id=own,target=/root/.own cat /root/.own; test -s /root/.own\n",
			"flow.yaml": `version: 1
name: canary
steps:
  settings:
    run: "env; ls -la / /root /tmp; cat /root/.tok || true"
    image:
      base_image: python:3.11-slim
      environment: {NEW: "` + marker(t) + `"} # to the engine's layer cache
      build_secrets: [VARIABLE_CANARY, {name: tok, mount: /root/.tok, file: private/tok.txt}, {name: tok, env: FROM_FILE, file: private/tok.txt}]
      requirements: [six==1.16.0]
      copy: [{src: private, dst: /srv/private}]
      commands:
        - 'printf %s "$VARIABLE_CANARY" | sha256sum > /proof; cat /root/.tok | sha256sum > /proof-file; printf %s "$FROM_FILE" | sha256sum > /proof-from-file'
        - "echo it is $VARIABLE_CANARY and $FROM_FILE; cat /root/.tok; env"
        - "` + wait + `"
      layers:
        - run: 'printf %s "$OWN" | sha256sum > /proof-layer; echo own $OWN'
          secrets: [{name: LAYER_CANARY, env: OWN}]
        - pip: [idna==3.7]
          secrets: [LAYER_CANARY]
        - run: 'test -z "$OWN"'
  dockerfile:
    run: "ls -la /context /root"
    image: {dockerfile: own/Dockerfile, build_secrets: [DOCKERFILE_CANARY, {name: own, file: own/tok.txt}]}
`,
		}).on(on)
		p.env = append(p.env, "VARIABLE_CANARY="+inVariable, "LAYER_CANARY="+inLayer, "DOCKERFILE_CANARY="+inDockerfile)

		c.searchText("the output of plan", p.must(0, "plan", "flow.yaml", "-o", "json").all())
		building := p.start("build", "flow.yaml")
		lists := watchProcesses(t)
		building.untilTrue("the build reaches the command that waits", long, hold.reached)
		// Now the build holds; look once more, and see that one sees into it.
		within(t, 10*time.Second, "a process of the build is seen", func() bool { return lists.saw(hold.address) })
		hold.release()
		r := building.wait(long)
		c.search("the arguments of a process", lists.end())
		if r.code != 0 {
			t.Fatalf("exit status %d:\n%s", r.code, r)
		}
		c.searchText("the output of build", r.all())
		if !strings.Contains(r.all(), "it is *** and ***") {
			t.Errorf("a command's output is not masked:\n%s", r)
		}

		all := p.inspected(r)
		for _, proof := range []struct{ step, file, value string }{{"settings", "proof", inVariable}, {"settings", "proof-file", inFile + "\n"},
			{"settings", "proof-from-file", inFile}, {"settings", "proof-layer", inLayer}, {"dockerfile", "proof", inDockerfile}} {
			all[proof.step].holds(proof.file, fmt.Sprintf("%x  -\n", sha256.Sum256([]byte(proof.value))))
		}
		all["settings"].holds("srv/private/else.txt", "no secret\n")
		all["dockerfile"].is("context/Dockerfile", "file 0644 0:0")
		for step, b := range all {
			b.lacks(`tok\.txt$`)
			c.search("the image of "+step+", as the engine exports it", on.exported(t, b.Reference))
			c.searchRegistry(step, b)
		}
		for _, args := range [][]string{{"run", "flow.yaml", "-o", "json"}, {"build", "flow.yaml", "--why"}, {"builds", "list", "-o", "json"}, {"ps", "-o", "json"}} {
			c.searchText("the output of "+strings.Join(args, " "), p.must(0, args...).all())
		}

		// Nor does it get there by being copied.
		p.write("flow.yaml", flow("canary", `build_secrets: [{name: tok, file: private/tok.txt}], commands: ['true'], copy: [{src: private/tok.txt}]`, "true"))
		p.wants(p.must(2, "build", "flow.yaml"), "SEC201", "build secret tok")

		// A command that fails may say all it knows.
		p.write("flow.yaml", flow("canary", `build_secrets: [VARIABLE_CANARY], commands: ['echo last words $VARIABLE_CANARY >&2; exit 3']`, "true"))
		for _, args := range [][]string{{"build", "flow.yaml"}, {"build", "flow.yaml", "-o", "json"}, {"run", "flow.yaml", "-o", "json"}} {
			failed := p.must(5, args...)
			p.wants(failed, "last words ***")
			c.searchText("the message of a failed "+args[0], failed.all())
		}
		c.searchFolder(p.path(".stack"))
	})
}

// canaries are secrets to look for, by the form in which they may turn up.
type canaries struct {
	t     *testing.T
	forms map[string]string // form → which
}

func (c *canaries) hatch(which string) string {
	value := "canary/" + which + "+" + marker(c.t) + " bird"
	for i := range 3 { // where its bytes fall in an encoding of something longer
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", i) + value))
		c.forms[encoded[4:len(encoded)-4]] = which
	}
	for _, form := range []string{value, url.QueryEscape(value), fmt.Sprintf("%x", value)} {
		c.forms[form] = which
	}
	return value
}

func (c *canaries) searchText(where, text string) { c.t.Helper(); c.search(where, []byte(text)) }

func (c *canaries) search(where string, content []byte) {
	c.t.Helper()
	for form, which := range c.forms {
		if at := bytes.Index(content, []byte(form)); at >= 0 {
			c.t.Errorf("the secret of the %s is in %s: %q", which, where, content[max(0, at-200):min(len(content), at+len(form)+50)])
		}
	}
}

// searchRegistry looks through everything that a tag leads to: manifests of
// images and attestations, configurations, and layers both as they are and
// unpacked; but for layers of the base, which no build has made.
func (c *canaries) searchRegistry(step string, b *built) {
	c.t.Helper()
	ref, err := name.ParseReference(b.Reference)
	if err != nil {
		c.t.Fatal(err)
	}
	top, err := remote.Get(ref)
	if err != nil {
		c.t.Fatal(err)
	}
	c.search("the manifest of "+step, top.Manifest)
	references := []name.Reference{ref}
	if top.MediaType.IsIndex() {
		references = nil
		index, err := top.ImageIndex()
		if err != nil {
			c.t.Fatal(err)
		}
		manifest, err := index.IndexManifest()
		if err != nil {
			c.t.Fatal(err)
		}
		for _, m := range manifest.Manifests {
			references = append(references, ref.Context().Digest(m.Digest.String()))
		}
	}
	base, err := remoteImage(c.t, need(c.t, "STACK_E2E_REGISTRY")+"/library/"+need(c.t, "STACK_E2E_BASE")).Manifest()
	if err != nil {
		c.t.Fatal(err)
	}
	for _, r := range references {
		im, err := remote.Image(r)
		if err != nil {
			c.t.Fatal(err)
		}
		manifest, err := im.RawManifest()
		if err != nil {
			c.t.Fatal(err)
		}
		config, err := im.RawConfigFile()
		if err != nil {
			c.t.Fatal(err)
		}
		c.search("a manifest of "+step, manifest)
		c.search("a configuration of "+step, config)
		layers, err := im.Layers()
		if err != nil {
			c.t.Fatal(err)
		}
		for i, l := range layers {
			digest, err := l.Digest()
			if err != nil {
				c.t.Fatal(err)
			}
			if slices.ContainsFunc(base.Layers, func(d v1.Descriptor) bool { return d.Digest == digest }) {
				continue
			}
			for _, open := range []func() (io.ReadCloser, error){l.Compressed, l.Uncompressed} {
				stream, err := open()
				if err != nil {
					c.t.Fatal(err)
				}
				content, err := io.ReadAll(stream)
				stream.Close()
				if err != nil {
					c.t.Fatal(err)
				}
				c.search(fmt.Sprintf("layer %d of %s in the registry", i, step), content)
			}
		}
	}
}

func (c *canaries) searchFolder(dir string) {
	c.t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		c.search(path, content)
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// hold is a server that answers only once it is released.
type hold struct {
	address  string
	arrived  chan struct{}
	released chan struct{}
	once     sync.Once
}

func startHold(t *testing.T) *hold {
	t.Helper()
	listener, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &hold{arrived: make(chan struct{}), released: make(chan struct{})}
	h.address = fmt.Sprintf("%s:%d", outward(t), listener.Addr().(*net.TCPAddr).Port)
	server := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		h.once.Do(func() { close(h.arrived) })
		<-h.released
	})}
	go func() { _ = server.Serve(listener) }() // ends with the listener
	t.Cleanup(func() { _ = server.Close() })
	return h
}

func (h *hold) reached() bool {
	select {
	case <-h.arrived:
		return true
	default:
		return false
	}
}

func (h *hold) release() { close(h.released) }

// processLists is the arguments of every process that was seen on this machine
// between its beginning and end; containers of the engines are among them.
type processLists struct {
	mu   sync.Mutex
	seen map[string]bool
	stop chan struct{}
	done chan struct{}
}

func watchProcesses(t *testing.T) *processLists {
	l := &processLists{seen: map[string]bool{}, stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(l.done)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			processes(func(argv []string, _ int) bool {
				l.mu.Lock()
				defer l.mu.Unlock()
				l.seen[strings.Join(argv, " ")] = true
				return false
			})
			select {
			case <-l.stop:
				return
			case <-tick.C:
			}
		}
	}()
	t.Cleanup(func() { l.end() })
	return l
}

func (l *processLists) saw(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range l.seen {
		if strings.Contains(line, text) {
			return true
		}
	}
	return false
}

// end is all that was seen.
func (l *processLists) end() []byte {
	select {
	case <-l.stop:
	default:
		close(l.stop)
	}
	<-l.done
	var all bytes.Buffer
	for line := range l.seen {
		all.WriteString(line + "\n")
	}
	return all.Bytes()
}
