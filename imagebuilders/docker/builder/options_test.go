package builder

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	bkclient "github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
)

func TestReadOptions(t *testing.T) {
	registry := func(attrs map[string]string) []bkclient.CacheOptionsEntry {
		return []bkclient.CacheOptionsEntry{{Type: "registry", Attrs: attrs}}
	}
	for text, want := range map[string]stageOptions{
		`{}`:                    {},
		`{"shm_size":67108864}`: {shmSize: 64 << 20},
		`{"network":"default"}`: {},
		`{"network":"none"}`:    {network: "none"},
		`{"network":"host"}`:    {network: "host"},
		`{"extra_hosts":["a:1.2.3.4","b:::1","c:[fe80::1]"]}`:             {hosts: []string{"a=1.2.3.4", "b=::1", "c=fe80::1"}},
		`{"cache_from":["reg:5000/app:1"]}`:                               {cacheFrom: registry(map[string]string{"ref": "reg:5000/app:1"})},
		`{"cache_from":["type=registry,ref=reg/app"]}`:                    {cacheFrom: registry(map[string]string{"ref": "reg/app"})},
		`{"cache_to":["type=inline"]}`:                                    {cacheTo: []bkclient.CacheOptionsEntry{{Type: "inline", Attrs: map[string]string{}}}},
		`{"cache_to":["mode=max,ref=reg/app:cache,type=registry"]}`:       {cacheTo: registry(map[string]string{"ref": "reg/app:cache", "mode": "max"})},
		`{"cache_to":["reg/app:cache"]}`:                                  {cacheTo: registry(map[string]string{"ref": "reg/app:cache"})},
		`{"cache_to":["type=registry,ref=reg/app,\"compression=zstd\""]}`: {cacheTo: registry(map[string]string{"ref": "reg/app", "compression": "zstd"})},
	} {
		t.Run(text, func(t *testing.T) {
			var values map[string]any
			if err := json.Unmarshal([]byte(text), &values); err != nil {
				t.Fatal(err)
			}
			got, err := readOptions(values)
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(stageOptions{})); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
	// As they are in memory, without a wire between.
	got, err := readOptions(map[string]any{"shm_size": int64(1), "extra_hosts": []string{"a:1.2.3.4"}})
	if err != nil || got.shmSize != 1 || len(got.hosts) != 1 {
		t.Errorf("%+v %v", got, err)
	}
}

func TestReadOptions_WhatIsNotUnderstoodIsRefused(t *testing.T) {
	for text, code := range map[string]diag.Code{
		`{"squash":true}`:                                      diag.BuilderCannot,
		`{"shm_size":0}`:                                       diag.BadValue,
		`{"shm_size":1.5}`:                                     diag.BadValue,
		`{"shm_size":"64m"}`:                                   diag.BadValue,
		`{"network":"bridge"}`:                                 diag.BadValue,
		`{"network":7}`:                                        diag.BadValue,
		`{"extra_hosts":["a"]}`:                                diag.BadValue,
		`{"extra_hosts":["a:host-gateway"]}`:                   diag.BadValue,
		`{"extra_hosts":["a,b:1.2.3.4"]}`:                      diag.BadValue,
		`{"extra_hosts":{"a":"1.2.3.4"}}`:                      diag.BadValue,
		`{"cache_from":[7]}`:                                   diag.BadValue,
		`{"cache_from":["type=inline"]}`:                       diag.BadValue,
		`{"cache_from":["type=registry"]}`:                     diag.BadValue,
		`{"cache_from":["UPPER//case"]}`:                       diag.BadValue,
		`{"cache_to":["type=local,dest=/x"]}`:                  diag.BadValue,
		`{"cache_to":["type=gha"]}`:                            diag.BadValue,
		`{"cache_to":["type=registry,ref=reg/app,mod=max"]}`:   diag.BadValue,
		`{"cache_to":["type=registry,ref=reg/app,mode=most"]}`: diag.BadValue,
		`{"cache_to":["type=registry,ref"]}`:                   diag.BadValue,
		`{"cache_to":["type=registry,\"ref"]}`:                 diag.BadValue,
	} {
		t.Run(text, func(t *testing.T) {
			var values map[string]any
			if err := json.Unmarshal([]byte(text), &values); err != nil {
				t.Fatal(err)
			}
			_, err := readOptions(values)
			wantFailure(t, err, code)
			for key := range values {
				if !strings.Contains(err.Error(), key) {
					t.Errorf("the error does not name %s: %v", key, err)
				}
			}
		})
	}
}

func wantFailure(t *testing.T, err error, code diag.Code) {
	t.Helper()
	if list := diag.FromError(err); len(list) != 1 || list[0].Code != code {
		t.Fatalf("error %v has not the code %s", err, code)
	}
}

func TestNeedsOf(t *testing.T) {
	two := func(first, second map[string]any) build.Request {
		return build.Request{Stages: []image.Stage{{Options: first}, {Options: second}}}
	}
	cache := map[string]any{"cache_to": []string{"reg/app:cache"}}
	_, err := needsOf(two(cache, cache), config{})
	wantFailure(t, err, diag.BadValue)
	needs, err := needsOf(two(cache, map[string]any{"shm_size": int64(1)}), config{Reproducible: true})
	if err != nil || len(needs) != 3 {
		t.Fatalf("%+v %v", needs, err)
	}
	for _, n := range needs {
		if n.able(abilities{}) || !n.able(abilities{containerdStore: true, shmSize: true}) {
			t.Errorf("%s is not a need", n.what)
		}
	}
	if needs, err = needsOf(two(map[string]any{"network": "host", "cache_to": []string{"type=inline"}}, nil), config{}); err != nil || len(needs) != 0 {
		t.Errorf("%+v %v", needs, err)
	}
}

func TestOlderThan(t *testing.T) {
	for version, want := range map[string]bool{"1.41": true, "1.42": false, "1.56": false, "2.0": false, "0.99": true, "": true} {
		if got := olderThan(version, 1, 42); got != want {
			t.Errorf("olderThan(%q) = %v", version, got)
		}
	}
}

func TestApply_PlainHTTP(t *testing.T) {
	o, err := readOptions(map[string]any{"cache_from": []string{"reg.corp:5000/app", "other.corp/app"}, "cache_to": []string{"reg.corp:5000/cache"}, "network": "host", "extra_hosts": []string{"a:1.2.3.4", "b:1.2.3.5"}})
	if err != nil {
		t.Fatal(err)
	}
	solve := bkclient.SolveOpt{FrontendAttrs: map[string]string{}}
	o.apply(&solve, "reg.corp:5000")
	if solve.CacheImports[0].Attrs["registry.insecure"] != "true" || solve.CacheImports[1].Attrs["registry.insecure"] != "" || solve.CacheExports[0].Attrs["registry.insecure"] != "true" {
		t.Errorf("%+v %+v", solve.CacheImports, solve.CacheExports)
	}
	if diff := cmp.Diff(map[string]string{"force-network-mode": "host", "add-hosts": "a=1.2.3.4,b=1.2.3.5"}, solve.FrontendAttrs); diff != "" || len(solve.AllowedEntitlements) != 1 {
		t.Errorf("%v %s", solve.AllowedEntitlements, diff)
	}
}

func TestBasesOf(t *testing.T) {
	for dockerfile, want := range map[string][]string{
		"FROM a\n":                          {"a"},
		"FROM scratch\n":                    nil,
		"FROM a AS one\nFROM one\nFROM b\n": {"a", "b"},
		"FROM --platform=linux/amd64 a AS one\nFROM b\n": {"b"},
		"ARG X=a\nFROM $X\nFROM b\n":                     {"b"},
		"FROM below\n":                                   nil,
		"FROM --platform=$TARGETPLATFORM a\n":            {"a"},
		"FROM a AS one\nFROM b\nCOPY --from=one /x /\nCOPY --from=0 /x /\nCOPY --from=tools:1 /x /\nCOPY y /\n": {"a", "b", "tools:1"},
		"NONSENSE\n": nil,
	} {
		if diff := cmp.Diff(want, basesOf(image.Stage{Dockerfile: []byte(dockerfile), Base: "below"})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", dockerfile, diff)
		}
	}
}

func TestMask_FormsOfASecret(t *testing.T) {
	const secret = "hf_Tok en/+93751&end"
	key := strings.Repeat("long line of a key file, ", 8)
	m := masker([]build.Secret{{Name: "a", Value: []byte(secret + "\n")}, {Name: "key", Value: []byte(key)}}, nil)
	wrappedKey := base64.StdEncoding.EncodeToString([]byte(key))
	texts := []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte(secret + "\n")), base64.RawURLEncoding.EncodeToString([]byte(secret)),
		wrappedKey[:76], wrappedKey[76:152],
	}
	for _, text := range texts {
		if got := m.Replace("x " + text + " y"); strings.Contains(got, text) || !strings.Contains(got, masked) {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
	// As in a header: what is beside it moves its letters.
	for _, user := range []string{"u:", "us:", "use:", "user:"} {
		encoded := base64.StdEncoding.EncodeToString([]byte(user + secret))
		got := m.Replace("Basic " + encoded)
		rest := strings.NewReplacer("Basic ", "", masked, "").Replace(got)
		if !strings.Contains(got, masked) || len(rest) > len(base64.StdEncoding.EncodeToString([]byte(user)))+6 {
			t.Errorf("with %q before it, it is shown as %q", user, got)
		}
	}
	if got := m.Replace("an ordinary line about hf and Tok"); strings.Contains(got, masked) {
		t.Errorf("ordinary words are hidden: %q", got)
	}
}

// logOf is the lines that a log in pieces becomes.
func logOf(m *mask, pieces ...bkclient.VertexLog) string {
	var lines []string
	w := newWatcher(func(p build.Progress) { lines = append(lines, p.Message) }, m)
	statuses := make(chan *bkclient.SolveStatus, len(pieces)+1)
	id := digest.FromString("x")
	for i := range pieces {
		pieces[i].Vertex = id
		statuses <- &bkclient.SolveStatus{Logs: []*bkclient.VertexLog{&pieces[i]}}
	}
	ended := time.Unix(1, 0)
	statuses <- &bkclient.SolveStatus{Vertexes: []*bkclient.Vertex{{Digest: id, Name: "RUN", Completed: &ended}}}
	close(statuses)
	w.take(statuses)
	return strings.Join(lines, "\n")
}

func TestWatcher_SecretInPieces(t *testing.T) {
	const secret = "s3cr3t-VALUE-93751"
	m := masker([]build.Secret{{Name: "a", Value: []byte(secret)}}, nil)
	on := func(stream int, text string) bkclient.VertexLog {
		return bkclient.VertexLog{Stream: stream, Data: []byte(text)}
	}
	var letters []bkclient.VertexLog
	for _, b := range []byte("x " + secret + " y\n") {
		letters = append(letters, on(1, string(b)))
	}
	endless := strings.Repeat(".", longestLine-5)
	for name, pieces := range map[string][]bkclient.VertexLog{
		"two pieces":          {on(1, secret[:7]), on(1, secret[7:]+"\n")},
		"letters":             letters,
		"another stream":      {on(1, secret[:7]), on(2, "warning\n"), on(1, secret[7:]+"\n"), on(2, "more\n")},
		"no newline":          {on(1, secret)},
		"no newline, twice":   {on(1, secret), on(2, secret)},
		"a line without end":  {on(1, endless+secret[:9]), on(1, secret[9:]), on(1, endless)},
		"it repeats":          {on(1, endless+secret+secret[:5]), on(1, secret[5:]+secret), on(1, endless)},
		"beside what is long": {on(1, endless+strings.Repeat(secret, 3)+secret[:1])},
	} {
		t.Run(name, func(t *testing.T) {
			text := logOf(m, pieces...)
			if flat := strings.ReplaceAll(text, "\n", ""); strings.Contains(flat, secret) || !strings.Contains(flat, masked) {
				t.Errorf("the log has it: %q", strings.ReplaceAll(text, endless, "…"))
			}
		})
	}
}

func TestMask_CutSplitsNothing(t *testing.T) {
	m := masker([]build.Secret{{Name: "a", Value: []byte("abcdabcd")}, {Name: "b", Value: []byte("dabx")}}, nil)
	for _, text := range []string{"", "....", "..abcdabcd..", "abcdabcdabcdabcd", "abcdabx", ".........abcdabx", "abcdabcdabx....."} {
		i := m.cut([]byte(text))
		for _, value := range m.hidden {
			for at := 0; at+len(value) <= len(text); at++ {
				if text[at:at+len(value)] == value && at < i && at+len(value) > i {
					t.Errorf("%q is cut at %d, inside %q", text, i, value)
				}
			}
		}
		if len(text)-i >= 2*len(m.hidden[0]) && !bytes.Contains([]byte(text), []byte("abcd")) {
			t.Errorf("%q is cut at %d", text, i)
		}
	}
}
