//go:build e2e

package builder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/registry"
	"github.com/stackrun/stack/core/source"
)

// real is an engine and a registry, and what a test made in them.
type real struct {
	*Builder
	engine   *client.Client
	registry string
	base     string
	name     string
}

// onEngines runs a test on each kind of engine.
func onEngines(t *testing.T, test func(t *testing.T, e real)) {
	for _, name := range []string{"A", "B"} {
		t.Run(name, func(t *testing.T) {
			host := os.Getenv("STACK_E2E_DOCKER_" + name)
			reg, base := os.Getenv("STACK_E2E_REGISTRY"), os.Getenv("STACK_E2E_BASE")
			if host == "" || reg == "" || base == "" {
				t.Fatalf("STACK_E2E_DOCKER_%s, STACK_E2E_REGISTRY and STACK_E2E_BASE have to be set", name)
			}
			b := New(Options{Environ: []string{"DOCKER_HOST=" + host, "HOME=" + t.TempDir()}})
			t.Cleanup(func() { b.Close() })
			engine, err := b.connect()
			if err != nil {
				t.Fatal(err)
			}
			test(t, real{Builder: b, engine: engine, registry: reg, base: reg + "/library/" + base, name: name})
		})
	}
}

// request is an image of one stage with a tag that no other test has.
func (e real) request(t *testing.T, dockerfile string, files ...source.File) build.Request {
	name := strings.ToLower(strings.ReplaceAll(t.Name(), "/", "-"))
	r := build.Request{
		Key:         strings.Repeat("a", 64),
		Destination: fmt.Sprintf("%s/builder/%s:%d", e.registry, name, time.Now().UnixNano()),
		Platforms:   []string{"linux/amd64"},
		Stages:      []image.Stage{{Dockerfile: []byte(strings.ReplaceAll(dockerfile, "BASE", e.base)), Files: files}},
		Labels:      map[string]string{image.KeyLabel: strings.Repeat("a", 64)},
	}
	t.Cleanup(func() {
		for _, tag := range append([]string{r.Destination}, r.ExtraTags...) {
			_, _ = e.engine.ImageRemove(context.Background(), tag, client.ImageRemoveOptions{Force: true})
		}
	})
	return r
}

// built builds and gives the log too.
func (e real) built(t *testing.T, r build.Request) (build.Result, string) {
	t.Helper()
	result, log, err := e.tryBuild(t.Context(), r)
	if err != nil {
		t.Fatalf("build: %v\n%s", err, log)
	}
	return result, log
}

func (e real) tryBuild(ctx context.Context, r build.Request) (build.Result, string, error) {
	var mu sync.Mutex
	var log strings.Builder
	result, err := e.Build(ctx, r, func(p build.Progress) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(&log, "%s %s: %s\n", p.State, p.Vertex, p.Message)
	})
	mu.Lock()
	defer mu.Unlock()
	return result, log.String(), err
}

// config is the image's configuration in the engine, and its history.
func (e real) config(t *testing.T, reference string) string {
	t.Helper()
	im, err := e.engine.ImageInspect(t.Context(), reference)
	if err != nil {
		t.Fatal(err)
	}
	history, err := e.engine.ImageHistory(t.Context(), reference)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal([]any{im, history})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// saved is everything that is in the image, layers too.
func (e real) saved(t *testing.T, reference string) string {
	t.Helper()
	stream, err := e.engine.ImageSave(t.Context(), []string{reference})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	var all strings.Builder
	buffer := make([]byte, 1<<20)
	for {
		n, err := stream.Read(buffer)
		all.Write(buffer[:n])
		if err != nil {
			break
		}
	}
	if all.Len() == 0 {
		t.Fatal("the image could not be saved")
	}
	return all.String()
}

func wantCode(t *testing.T, err error, code diag.Code) {
	t.Helper()
	var f *diag.Failure
	if !errors.As(err, &f) || f.Code != code {
		t.Fatalf("error %v has not the code %s", err, code)
	}
}

func TestReal_PushedDigestIsTheRegistrys(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		r := e.request(t, "FROM BASE\nCOPY a.txt dir /app/\n",
			source.Bytes("a.txt", []byte("hello"), false), source.Bytes("dir/b.sh", []byte("#!/bin/sh\n"), true),
			source.File{Path: "dir/link", Type: source.Link, Target: "b.sh"})
		r.Push = true
		r.ExtraTags = []string{r.Destination + "-extra"}
		result, _ := e.built(t, r)
		reg := registry.New(registry.Options{})
		for _, tag := range append([]string{r.Destination}, r.ExtraTags...) {
			digest, labels, err := reg.Find(t.Context(), tag)
			if err != nil {
				t.Fatal(err)
			}
			if digest != result.Digest || labels[image.KeyLabel] != r.Key {
				t.Errorf("%s is %s with labels %v in the registry; the builder said %s", tag, digest, labels, result.Digest)
			}
		}
		local, err := e.Find(t.Context(), r.Destination)
		if err != nil || local.ID == "" || local.ID != result.LocalID || local.Labels[image.KeyLabel] != r.Key {
			t.Errorf("Find = %+v, %v; built as %s", local, err, result.LocalID)
		}
		if gone, err := e.Find(t.Context(), e.registry+"/builder/none:none"); err != nil || gone.ID != "" {
			t.Errorf("Find of what does not exist = %+v, %v", gone, err)
		}
	})
}

func TestReal_SecretsLeaveNoTrace(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		const secret = "s3cr3t-VALUE-93751"
		const certificate = "-----BEGIN CERTIFICATE-----\ncertificate-of-the-test\n"
		r := e.request(t, "FROM BASE\nRUN --mount=type=secret,id=token,required=true --mount=type=secret,id=stack-ca-bundle,target=/tmp/ca.pem "+
			`test "$(cat /run/secrets/token)" = "`+"s3cr3t-VALUE-\"93751"+` && grep -q certificate-of-the-test /tmp/ca.pem && cat /run/secrets/token && echo "proxy=$HTTP_PROXY" && sha256sum /run/secrets/token > /sum`+"\n")
		r.Secrets = []build.Secret{{Name: "token", Value: []byte(secret)}}
		r.CABundle = []byte(certificate)
		r.Proxy = map[string]string{"HTTP_PROXY": "http://proxy.invalid:3128"}
		r.NoCache = true
		_, log := e.built(t, r)
		if !strings.Contains(log, "proxy=http://proxy.invalid:3128") {
			t.Errorf("the proxy was not in the environment of the command:\n%s", log)
		}
		for where, text := range map[string]string{"log": log, "configuration and history": e.config(t, r.Destination), "layers": e.saved(t, r.Destination)} {
			for what, value := range map[string]string{"secret": secret, "certificate": "certificate-of-the-test\n", "proxy": "proxy.invalid"} {
				if what == "proxy" && where == "log" {
					continue // the test printed it
				}
				if strings.Contains(text, value) {
					t.Errorf("the %s is in the %s", what, where)
				}
			}
		}
	})
}

func TestReal_MissingRequiredSecretFails(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		r := e.request(t, "FROM BASE\nRUN --mount=type=secret,id=none,required=true true\n")
		_, _, err := e.tryBuild(t.Context(), r)
		wantCode(t, err, diag.BuildFailed)
	})
}

func TestReal_FailingCommandIsTold(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		r := e.request(t, "FROM BASE\n\nRUN true\nRUN echo about-to-fail && exit 7\n")
		_, _, err := e.tryBuild(t.Context(), r)
		wantCode(t, err, diag.BuildFailed)
		for _, part := range []string{"about-to-fail", "exit 7", "Dockerfile:4", "7"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("the error lacks %q:\n%v", part, err)
			}
		}
	})
}

func TestReal_CancelLeavesNothingRunning(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		mark := fmt.Sprintf("31%d", time.Now().UnixNano()%1000000)
		r := e.request(t, "FROM BASE\nRUN echo started && sleep "+mark+"\n")
		r.NoCache, r.Push = true, true
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, err := e.Build(ctx, r, func(p build.Progress) {
			if p.Message == "started" {
				for deadline := time.Now().Add(10 * time.Second); !running(t, mark); {
					if time.Now().After(deadline) {
						t.Error("the command that is to be cancelled cannot be seen")
						break
					}
					<-time.After(20 * time.Millisecond)
				}
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("Build = %v, want context.Canceled", err)
		}
		for deadline := time.Now().Add(10 * time.Second); running(t, mark); {
			if time.Now().After(deadline) {
				t.Fatal("the command runs on after its build was cancelled")
			}
			<-time.After(50 * time.Millisecond)
		}
		if digest, _, err := registry.New(registry.Options{}).Find(t.Context(), r.Destination); digest != "" || err != nil {
			t.Errorf("the tag is %q after a cancelled build (%v)", digest, err)
		}
	})
}

// running looks through the machine's processes, which are the engines' too.
func running(t *testing.T, argument string) bool {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range lines {
		if data, err := os.ReadFile(path); err == nil && strings.Contains(string(data), "sleep\x00"+argument) {
			return true
		}
	}
	return false
}

func TestReal_ChangedFileIsRefused(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		path := filepath.Join(t.TempDir(), "train.py")
		if err := os.WriteFile(path, []byte("print(2)\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		file := source.Bytes("train.py", []byte("print(1)\n"), false) // what it was when the key was made
		file.Source, file.Content = path, nil
		r := e.request(t, "FROM BASE\nCOPY train.py /app/\n", file)
		_, _, err := e.tryBuild(t.Context(), r)
		wantCode(t, err, diag.BuildFailed)
		if !strings.Contains(err.Error(), "train.py changed while the image was built") {
			t.Errorf("error %v", err)
		}
		if err := os.WriteFile(path, []byte("print(1)\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		e.built(t, r)
	})
}

// A file of the same size with other content must arrive: engines compare size
// and time with what they have.
func TestReal_SameSizeOtherContent(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		for _, content := range []string{"print(1)\n", "print(2)\n", "print(1)\n"} {
			r := e.request(t, "FROM BASE\nCOPY a.py /a.py\nRUN grep -qF '"+strings.TrimSpace(content)+"' /a.py\n", source.Bytes("a.py", []byte(content), false))
			r.Destination = e.registry + "/builder/same-size:1"
			e.built(t, r)
		}
	})
}

func TestReal_ArgsLabelsTarget(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		r := e.request(t, "FROM BASE AS one\nARG WORD\nRUN test \"$WORD\" = 'a \"b\" $c'\nENV WHICH=one\nFROM one AS two\nENV WHICH=two\n")
		r.Stages[0].Args = map[string]string{"WORD": `a "b" $c`}
		r.Stages[0].Target = "one"
		r.Labels["with space"] = `x "y" $z`
		e.built(t, r)
		im, err := e.engine.ImageInspect(t.Context(), r.Destination)
		if err != nil {
			t.Fatal(err)
		}
		if got := im.Config.Labels["with space"]; got != `x "y" $z` {
			t.Errorf("label = %q", got)
		}
		if !strings.Contains(strings.Join(im.Config.Env, " "), "WHICH=one") {
			t.Errorf("the target was not honoured: %v", im.Config.Env)
		}
	})
}

func TestReal_NoCache(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		r := e.request(t, "FROM BASE\nRUN cat /proc/sys/kernel/random/uuid > /uuid\n")
		first, _ := e.built(t, r)
		again, log := e.built(t, r)
		if first.LocalID != again.LocalID || !strings.Contains(log, "cached") {
			t.Errorf("the same build was not cached: %s, %s\n%s", first.LocalID, again.LocalID, log)
		}
		r.NoCache = true
		if third, _ := e.built(t, r); third.LocalID == first.LocalID {
			t.Error("no_cache used the cache")
		}
	})
}

func TestReal_TwoStages(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		below := fmt.Sprintf("stack.invalid/below:%d", time.Now().UnixNano())
		r := e.request(t, "FROM BASE\nRUN echo first > /first\n")
		r.Stages = append(r.Stages, image.Stage{Base: below, Dockerfile: []byte("FROM " + below + "\nRUN test -s /first && echo second > /second\n")})
		r.Push = true
		result, _ := e.built(t, r)
		digest, labels, err := registry.New(registry.Options{}).Find(t.Context(), r.Destination)
		if err != nil || digest != result.Digest || labels[image.KeyLabel] != r.Key {
			t.Errorf("Find = %s %v %v, want %s", digest, labels, err, result.Digest)
		}
		if left, err := e.Find(t.Context(), below); err != nil || left.ID != "" {
			t.Errorf("the image below is left behind: %+v %v", left, err)
		}
	})
}

func TestReal_CacheMount(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		id := fmt.Sprint(time.Now().UnixNano())
		for _, command := range []string{"echo kept > /cache/f", "grep -q kept /cache/f"} {
			e.built(t, e.request(t, "FROM BASE\nRUN --mount=type=cache,id="+id+",target=/cache "+command+"\n"))
		}
	})
}

func TestReal_MissingBase(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		r := e.request(t, "FROM "+e.registry+"/no/such:image\n")
		_, _, err := e.tryBuild(t.Context(), r)
		wantCode(t, err, diag.BaseNotFound)
	})
}

func TestReal_PushIsRefused(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		r := e.request(t, "FROM BASE\n")
		r.Destination, r.Push = "127.0.0.1:1/builder/x:1", true
		_, _, err := e.tryBuild(t.Context(), r)
		wantCode(t, err, diag.RegistryDown)
	})
}

func TestReal_Ready(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		who, err := e.Ready(t.Context())
		if err != nil || !strings.HasPrefix(who, "Docker Engine ") {
			t.Errorf("Ready = %q, %v", who, err)
		}
	})
}

func TestReal_Reproducible(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		if err := e.Configure(t.Context(), json.RawMessage(`{"reproducible":true}`)); err != nil {
			t.Fatal(err)
		}
		r := e.request(t, "FROM BASE\nRUN echo x > /x\n")
		r.NoCache, r.Push = true, true
		first, _, err := e.tryBuild(t.Context(), r)
		if e.name == "A" {
			wantCode(t, err, diag.BuilderCannot)
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := e.built(t, r); again.Digest != first.Digest {
			t.Errorf("two builds gave %s and %s", first.Digest, again.Digest)
		}
	})
}
