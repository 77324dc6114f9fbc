package registry

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	memory "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/stackrun/stack/core/diag"
)

// faulty is a registry in front of which a fault can be put: fault answers a
// request itself by returning true.
type faulty struct {
	*httptest.Server
	host  string
	fault atomic.Pointer[func(w http.ResponseWriter, r *http.Request) bool]
	asked atomic.Int64
}

func newFaulty(t *testing.T) *faulty {
	f := &faulty{}
	real := memory.New(memory.Logger(log.New(io.Discard, "", 0)))
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.asked.Add(1)
		if fault := f.fault.Load(); fault != nil && (*fault)(w, r) {
			return
		}
		real.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	f.host = strings.TrimPrefix(f.URL, "http://")
	return f
}

func (f *faulty) with(fault func(w http.ResponseWriter, r *http.Request) bool) { f.fault.Store(&fault) }

// times makes a fault of the first n requests.
func times(n int64, fault http.HandlerFunc) func(http.ResponseWriter, *http.Request) bool {
	var seen atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) bool {
		if seen.Add(1) > n {
			return false
		}
		fault(w, r)
		return true
	}
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

func cut(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// client waits in no time and notes how long it would have.
func client(waits *[]time.Duration) *Client {
	return New(Options{Keychain: authn.NewMultiKeychain(), Wait: func(ctx context.Context, d time.Duration) error {
		if waits != nil {
			*waits = append(*waits, d)
		}
		return ctx.Err()
	}})
}

func put(t *testing.T, reference string, labels map[string]string, platform v1.Platform) v1.Image {
	t.Helper()
	im, err := random.Image(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	config, err := im.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Config.Labels = platform.OS, platform.Architecture, labels
	if im, err = mutate.ConfigFile(im, config); err != nil {
		t.Fatal(err)
	}
	ref, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, im); err != nil {
		t.Fatal(err)
	}
	return im
}

func digestOf(t *testing.T, im interface{ Digest() (v1.Hash, error) }) string {
	t.Helper()
	d, err := im.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d.String()
}

func amd64() v1.Platform { return v1.Platform{OS: "linux", Architecture: "amd64"} }

func wantCode(t *testing.T, err error, code diag.Code) {
	t.Helper()
	if list := diag.FromError(err); len(list) != 1 || list[0].Code != code {
		t.Fatalf("error %v has not the code %s", err, code)
	}
}

func TestFind(t *testing.T) {
	f := newFaulty(t)
	im := put(t, f.host+"/app:1", map[string]string{"a": "b"}, amd64())
	digest, labels, err := client(nil).Find(t.Context(), f.host+"/app:1")
	if err != nil || digest != digestOf(t, im) || labels["a"] != "b" {
		t.Errorf("Find = %s %v %v", digest, labels, err)
	}
	for _, none := range []string{"/app:2", "/other:1"} {
		if digest, _, err := client(nil).Find(t.Context(), f.host+none); digest != "" || err != nil {
			t.Errorf("Find %s = %q %v", none, digest, err)
		}
	}
}

func TestFind_TroubleIsRetriedAndThenAnError(t *testing.T) {
	for name, fault := range map[string]http.HandlerFunc{
		"500": status(500), "503": status(503), "429": status(429, "Retry-After", "7"), "cut": cut,
	} {
		t.Run(name, func(t *testing.T) {
			f := newFaulty(t)
			put(t, f.host+"/app:1", nil, amd64())
			f.with(times(2, fault))
			var waits []time.Duration
			if digest, _, err := client(&waits).Find(t.Context(), f.host+"/app:1"); digest == "" || err != nil {
				t.Fatalf("after two faults: %q %v", digest, err)
			}
			if name == "429" && (len(waits) != 2 || waits[0] != 7*time.Second) {
				t.Errorf("waited %v, and Retry-After said 7 seconds", waits)
			}
			f.with(func(w http.ResponseWriter, r *http.Request) bool { fault(w, r); return true })
			digest, _, err := client(nil).Find(t.Context(), f.host+"/app:1")
			if digest != "" {
				t.Errorf("digest %s from a registry in trouble", digest)
			}
			wantCode(t, err, diag.RegistryDown)
		})
	}
}

func TestFind_RetryAfterBeyondPatience(t *testing.T) {
	f := newFaulty(t)
	f.with(func(w http.ResponseWriter, r *http.Request) bool {
		status(429, "Retry-After", "3600")(w, r)
		return true
	})
	var waits []time.Duration
	_, _, err := client(&waits).Find(t.Context(), f.host+"/app:1")
	wantCode(t, err, diag.RegistryDown)
	if len(waits) != 0 {
		t.Errorf("waited %v for a registry that wants an hour", waits)
	}
}

func TestFind_Denied(t *testing.T) {
	for _, code := range []int{401, 403} {
		f := newFaulty(t)
		f.with(func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/v2/" {
				return false
			}
			status(code)(w, r)
			return true
		})
		digest, _, err := client(nil).Find(t.Context(), f.host+"/app:1")
		wantCode(t, err, diag.RegistryDenied)
		if digest != "" || !strings.Contains(diag.FromError(err)[0].Suggestion, "docker login "+f.host) {
			t.Errorf("%d: %q %v", code, digest, diag.FromError(err))
		}
	}
}

func TestFind_SlowAndCancelled(t *testing.T) {
	f := newFaulty(t)
	f.with(func(w http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true })
	quick := &http.Transport{ResponseHeaderTimeout: 20 * time.Millisecond}
	c := New(Options{Keychain: authn.NewMultiKeychain(), Transport: quick, Attempts: 2, Wait: func(context.Context, time.Duration) error { return nil }})
	_, _, err := c.Find(t.Context(), f.host+"/app:1")
	wantCode(t, err, diag.RegistryDown)

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, _, err := client(nil).Find(ctx, f.host+"/app:1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Find = %v", err)
	}
}

func TestFind_NothingListens(t *testing.T) {
	f := newFaulty(t)
	f.Close()
	_, _, err := client(nil).Find(t.Context(), f.host+"/app:1")
	wantCode(t, err, diag.RegistryDown)
}

func TestErrorsHoldNoURL(t *testing.T) {
	f := newFaulty(t)
	f.with(func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, "http://127.0.0.1:1/blob?signature=s3cr3t", http.StatusFound)
		return true
	})
	_, _, err := client(nil).Find(t.Context(), f.host+"/app:1")
	if err == nil || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("Find = %v", err)
	}
}

func TestPlainHTTPIsNotFallenBackTo(t *testing.T) {
	asked := 0
	c := New(Options{Keychain: authn.NewMultiKeychain(), Attempts: 1, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.URL.Scheme == "http" {
			asked++
		}
		return nil, errors.New("http: server gave HTTP response to HTTPS client")
	})})
	_, _, err := c.Find(t.Context(), "10.0.0.7:5000/app:1")
	wantCode(t, err, diag.RegistryDown)
	if asked != 0 || !strings.Contains(diag.FromError(err)[0].Suggestion, "plain_http") {
		t.Errorf("asked %d times without encryption; %v", asked, diag.FromError(err))
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestResolve(t *testing.T) {
	f := newFaulty(t)
	single := put(t, f.host+"/base:single", nil, amd64())
	arm := put(t, f.host+"/base:arm", nil, v1.Platform{OS: "linux", Architecture: "arm64"})
	index := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: single, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: arm, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}})
	ref, err := name.ParseReference(f.host + "/base:index")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(ref, index); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		tag, platform, digest string
		code                  diag.Code
	}{
		{"single", "linux/amd64", digestOf(t, single), ""},
		{"single", "linux/arm64", "", diag.BasePlatform},
		{"index", "linux/arm64", digestOf(t, index), ""},
		{"index", "linux/s390x", "", diag.BasePlatform},
		{"none", "linux/amd64", "", diag.BaseNotFound},
	} {
		t.Run(c.tag+" "+c.platform, func(t *testing.T) {
			digest, err := client(nil).Resolve(t.Context(), f.host+"/base:"+c.tag, c.platform)
			if diff := cmp.Diff(c.digest, digest); diff != "" {
				t.Errorf("digest (-want +got):\n%s", diff)
			}
			if c.code != "" {
				wantCode(t, err, c.code)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	if _, err := client(nil).Resolve(t.Context(), "UPPER//case"); err == nil || diag.FromError(err)[0].Code != diag.BadValue {
		t.Errorf("Resolve of no reference = %v", err)
	}
}

func TestTag(t *testing.T) {
	f := newFaulty(t)
	im := put(t, f.host+"/app:1", nil, amd64())
	c := client(nil)
	if err := c.Tag(t.Context(), f.host+"/app:1", digestOf(t, im), f.host+"/app:two"); err != nil {
		t.Fatal(err)
	}
	if digest, _, err := c.Find(t.Context(), f.host+"/app:two"); digest != digestOf(t, im) || err != nil {
		t.Errorf("Find = %s %v", digest, err)
	}
	if err := c.Tag(t.Context(), f.host+"/app:1", digestOf(t, im), f.host+"/other:1"); err == nil {
		t.Error("a tag in another repository was not refused")
	}
}
