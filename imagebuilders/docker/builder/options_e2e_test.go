//go:build e2e

package builder

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	bkclient "github.com/moby/buildkit/client"
	"github.com/moby/moby/client"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
)

func TestReal_ShmSize(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		r := e.request(t, "FROM BASE\nRUN grep ' /dev/shm ' /proc/mounts | grep -q size=102400k\n")
		r.Stages[0].Options = map[string]any{"shm_size": 100 << 20}
		_, log, err := e.tryBuild(t.Context(), r)
		if e.name == "B" {
			if err != nil {
				t.Error(err)
			}
			return
		}
		// This engine would ignore it: it is refused before anything is built.
		wantCode(t, err, diag.BuilderCannot)
		if !strings.Contains(err.Error(), "shm_size") || !strings.Contains(err.Error(), "Docker Engine 20.10") || log != "" {
			t.Errorf("%v\n%s", err, log)
		}
	})
}

func TestReal_Network(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		for network, command := range map[string]string{
			"none":    `test "$(ls /sys/class/net)" = lo`,
			"default": "test -e /sys/class/net/eth0 && test ! -e /sys/class/net/stacke2e-a",
			"host":    "test -e /sys/class/net/stacke2e-a",
		} {
			r := e.request(t, "FROM BASE\nRUN "+command+"\n")
			r.NoCache = true
			r.Stages[0].Options = map[string]any{"network": network}
			if _, log, err := e.tryBuild(t.Context(), r); err != nil {
				t.Errorf("%s: %v\n%s", network, err, log)
			}
		}
	})
}

func TestReal_ExtraHosts(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		r := e.request(t, "FROM BASE\nRUN python3 -c \"import socket; assert socket.gethostbyname('one.test') == '10.1.2.3'\" && grep -q '::7.*six.test' /etc/hosts\n")
		r.NoCache = true
		r.Stages[0].Options = map[string]any{"extra_hosts": []string{"one.test:10.1.2.3", "six.test:::7"}}
		e.built(t, r)
		if strings.Contains(e.saved(t, r.Destination), "one.test\n") {
			t.Error("the hosts are in the image")
		}
	})
}

// Options of the user's Dockerfile are those of its own build.
func TestReal_OptionsAreOfTheirStage(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		below := fmt.Sprintf("stack.invalid/below:%d", time.Now().UnixNano())
		r := e.request(t, "FROM BASE\nRUN test \"$(ls /sys/class/net)\" = lo\n")
		r.NoCache = true
		r.Stages[0].Options = map[string]any{"network": "none"}
		r.Stages = append(r.Stages, image.Stage{Base: below, Dockerfile: []byte("FROM " + below + "\nRUN test -e /sys/class/net/eth0\n")})
		e.built(t, r)
	})
}

// A cache is of use to an engine that has nothing else: what a build needs is
// taken out of it, and comes back from the registry.
func TestReal_Cache(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		for kind, caches := range map[string]func(r build.Request) (to, from string){
			"inline": func(r build.Request) (string, string) { return "type=inline", r.Destination },
			"registry": func(r build.Request) (string, string) {
				return "type=registry,mode=max,ref=" + r.Destination + "-cache", "type=registry,ref=" + r.Destination + "-cache"
			},
			"a reference": func(r build.Request) (string, string) { return r.Destination + "-cache", r.Destination + "-cache" },
		} {
			t.Run(kind, func(t *testing.T) {
				mark := fmt.Sprint("mark", time.Now().UnixNano())
				r := e.request(t, "FROM BASE\nRUN echo "+mark+" && cat /proc/sys/kernel/random/uuid > /uuid\nRUN cp /uuid /again-"+mark+"\n")
				to, from := caches(r)
				r.Push = true
				r.Stages[0].Options = map[string]any{"cache_to": []string{to}}
				_, log, err := e.tryBuild(t.Context(), r)
				if e.name == "A" && kind != "inline" {
					wantCode(t, err, diag.BuilderCannot)
					if !strings.Contains(err.Error(), "cache_to") || !strings.Contains(err.Error(), "Docker Engine 20.10") || log != "" {
						t.Errorf("%v\n%s", err, log)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				was := e.layers(t, r)
				e.forget(t, r, mark)
				r.Stages[0].Options = map[string]any{"cache_from": []string{from}}
				result, log := e.built(t, r)
				if is := e.layers(t, r); is != was || len(result.Warnings) != 0 {
					t.Errorf("the layers are others, so they were built again (warnings %v):\n%s\n%s\n%s", result.Warnings, was, is, log)
				}
			})
		}
	})
}

// A cache that is not there yet is no reason not to build, and is told.
func TestReal_CacheIsMissing(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		r := e.request(t, "FROM BASE\nENV A=b\n")
		missing := e.registry + "/builder/no-such:cache"
		r.Stages[0].Options = map[string]any{"cache_from": []string{missing}}
		result, log := e.built(t, r)
		if len(result.Warnings) != 1 || !strings.Contains(result.Warnings[0], "cache_from "+missing) {
			t.Errorf("warnings %q\n%s", result.Warnings, log)
		}
	})
}

func TestReal_CacheCannotBeWritten(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		if e.name == "A" {
			return // it writes none but those in images
		}
		r := e.request(t, "FROM BASE\nRUN echo written > /f\n")
		r.Stages[0].Options = map[string]any{"cache_to": []string{"127.0.0.1:1/builder/x:cache"}}
		_, _, err := e.tryBuild(t.Context(), r)
		wantCode(t, err, diag.RegistryDown)
		if !strings.Contains(err.Error(), "cache_to") {
			t.Errorf("the error does not name the option: %v", err)
		}
	})
}

// Caches are read and written with the credentials that images are pushed with.
func TestReal_CacheNeedsCredentials(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		closed := e.closedRegistry(t)
		mark := fmt.Sprint("mark", time.Now().UnixNano())
		r := e.request(t, "FROM BASE\nRUN echo "+mark+" && cat /proc/sys/kernel/random/uuid > /uuid\nRUN cp /uuid /again-"+mark+"\n")
		r.Destination, r.Push = strings.Replace(r.Destination, e.registry, closed, 1), true
		to, from := "type=inline", r.Destination
		if e.name == "B" {
			to, from = r.Destination+"-cache", r.Destination+"-cache"
		}
		r.Stages[0].Options = map[string]any{"cache_to": []string{to}}
		_, _, err := e.tryBuild(t.Context(), r)
		wantCode(t, err, diag.RegistryDenied)

		e.options.Keychain = &oneRegistry{closed, authn.AuthConfig{Username: "me", Password: "pw-93751"}}
		e.built(t, r)
		was := e.layers(t, r)
		e.forget(t, r, mark)
		r.Stages[0].Options = map[string]any{"cache_from": []string{from}}
		result, log := e.built(t, r)
		if is := e.layers(t, r); is != was || len(result.Warnings) != 0 || strings.Contains(log, "pw-93751") {
			t.Errorf("the layers are %s, were %s (warnings %v):\n%s", is, was, result.Warnings, log)
		}
	})
}

// closedRegistry is the tests' registry behind a door that wants a password.
func (e real) closedRegistry(t *testing.T) string {
	t.Helper()
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: e.registry})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "me" || password != "pw-93751" {
			w.Header().Set("WWW-Authenticate", `Basic realm="closed"`)
			http.Error(w, "who are you", http.StatusUnauthorized)
			return
		}
		r.Header.Del("Authorization")
		proxy.ServeHTTP(w, r) // with the Host that was asked for, so that redirects come back here
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// oneRegistry is the credentials of one registry.
type oneRegistry struct {
	host string
	auth authn.AuthConfig
}

func (k *oneRegistry) Resolve(r authn.Resource) (authn.Authenticator, error) {
	if r.RegistryStr() == k.host {
		return authn.FromConfig(k.auth), nil
	}
	return authn.Anonymous, nil
}

func TestReal_UnknownOption(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		r := e.request(t, "FROM BASE\n")
		r.Stages[0].Options = map[string]any{"squash": true}
		_, log, err := e.tryBuild(t.Context(), r)
		wantCode(t, err, diag.BuilderCannot)
		if !strings.Contains(err.Error(), "squash") || log != "" {
			t.Errorf("%v\n%s", err, log)
		}
	})
}

// layers is the image's layers, by their unpacked digests.
func (e real) layers(t *testing.T, r build.Request) string {
	t.Helper()
	im, err := e.engine.ImageInspect(t.Context(), r.Destination)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(im.RootFS.Layers, " ")
}

// forget takes an image and the records of its build out of the engine.
func (e real) forget(t *testing.T, r build.Request, mark string) {
	t.Helper()
	if _, err := e.engine.ImageRemove(t.Context(), r.Destination, client.ImageRemoveOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	bk, err := bkclient.New(t.Context(), "", bkclient.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
		return e.engine.DialHijack(ctx, "/grpc", "h2c", nil)
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer bk.Close()
	removed := 0
	for before := -1; removed != before; { // a record goes after those that stand on it
		before = removed
		records, err := bk.DiskUsage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, record := range records {
			if !strings.Contains(record.Description, mark) {
				continue
			}
			pruned := make(chan bkclient.UsageInfo, len(records))
			if err := bk.Prune(t.Context(), pruned, bkclient.PruneAll, bkclient.WithFilter([]string{"id~=" + record.ID})); err != nil {
				t.Fatal(err)
			}
			removed += len(pruned)
		}
	}
	if removed != 2 {
		t.Fatalf("%d records of the build were removed, not that of each of its commands", removed)
	}
}
