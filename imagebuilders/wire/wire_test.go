package wire

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/source"
	"github.com/stackrun/stack/sdk"
	sdkwire "github.com/stackrun/stack/sdk/wire"
)

// stub answers with what it is told to.
type stub struct {
	err      error
	got      build.Request
	config   json.RawMessage
	progress []build.Progress
	result   build.Result
	blocked  chan struct{} // Build waits for its context when this is set
}

func description() build.Description {
	return build.Description{
		Name: "stub", NeedsRegistry: true, SecretMounts: true, CacheMounts: true,
		BuildOptions: []string{"args", "target"}, Platform: "linux/arm64",
		Schema: sdk.Block{Doc: "A stub.", Attributes: []sdk.Attribute{{Name: "host", Type: "string", Default: json.RawMessage(`"unix"`)}}},
	}
}

func (s *stub) Describe(context.Context) (build.Description, error) { return description(), s.err }
func (s *stub) Configure(_ context.Context, config json.RawMessage) error {
	s.config = config
	return s.err
}
func (s *stub) Ready(context.Context) (string, error) { return "Engine 28", s.err }
func (s *stub) Find(_ context.Context, reference string) (build.Local, error) {
	if reference == "absent" {
		return build.Local{}, s.err
	}
	return build.Local{ID: "sha256:1", Platform: "linux/arm64/v8", Labels: map[string]string{"a": "b"}}, s.err
}
func (s *stub) Build(ctx context.Context, r build.Request, progress func(build.Progress)) (build.Result, error) {
	if s.blocked != nil {
		close(s.blocked)
		<-ctx.Done()
		return build.Result{}, ctx.Err()
	}
	s.got = r
	for _, p := range s.progress {
		progress(p)
	}
	return s.result, s.err
}

func connect(t *testing.T, b build.Builder) *Client {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer(sdkwire.ServerOptions()...)
	Register(server, b, nil)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:memory", append(sdkwire.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		server.Stop()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return NewClient(conn)
}

func TestEverythingArrivesAsItWas(t *testing.T) {
	request := build.Request{
		Key: strings.Repeat("0", 64), Destination: "reg/repo:tag", ExtraTags: []string{"reg/repo:latest"},
		Push: true, Insecure: true, Platforms: []string{"linux/amd64"},
		Stages: []image.Stage{
			{Dockerfile: []byte("FROM x\nRUN printf '\xff'\n")},
			{
				Dockerfile: []byte("FROM previous"), Base: "previous", Target: "final", Pull: true,
				Files: []source.File{
					{Path: "a/\xff", Source: "/src/a/\xff", Type: source.Regular, Exec: true, Size: 3, Digest: "d"},
					{Path: "l", Type: source.Link, Target: "\xfe"},
					{Path: "generated", Content: []byte{0, 0xff}, Type: source.Regular, Size: 2},
				},
				Args:    map[string]string{"A": "two\nlines \xff", "EMPTY": ""},
				Options: map[string]any{"network": "none", "shm_size": 64.0, "extra_hosts": []any{"a:1"}, "deep": map[string]any{"x": nil, "y": true}},
			},
		},
		Labels:  map[string]string{"key": "value"},
		Secrets: []build.Secret{{Name: "token", Value: []byte{0, 1, 0xff}}, {Name: "empty"}},
		Proxy:   map[string]string{"HTTP_PROXY": "http://p"}, CABundle: []byte("pem"), NoCache: true,
	}
	s := &stub{
		progress: []build.Progress{
			{Key: "k", Vertex: "v", State: "running", Message: "caf\xe9", Current: 1, Total: 2, Time: time.Unix(1, 2).UTC()},
			{Key: "k", State: "done"},
		},
		result: build.Result{Digest: "sha256:2", LocalID: "sha256:3", Warnings: []string{"w"}},
	}
	c := connect(t, s)
	var progress []build.Progress
	result, err := c.Build(t.Context(), request, func(p build.Progress) { progress = append(progress, p) })
	if diff := cmp.Diff([]any{request, s.progress, s.result, nil}, []any{s.got, progress, result, err}); diff != "" {
		t.Error(diff)
	}
	got, err := c.Describe(t.Context())
	if diff := cmp.Diff(description(), got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if err := c.Configure(t.Context(), json.RawMessage(`{"host":"x"}`)); err != nil || string(s.config) != `{"host":"x"}` {
		t.Errorf("configured with %s, %v", s.config, err)
	}
	identity, err := c.Ready(t.Context())
	if err != nil || identity != "Engine 28" {
		t.Errorf("ready: %q, %v", identity, err)
	}
	there, err := c.Find(t.Context(), "there")
	if diff := cmp.Diff(build.Local{ID: "sha256:1", Platform: "linux/arm64/v8", Labels: map[string]string{"a": "b"}}, there); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if absent, err := c.Find(t.Context(), "absent"); err != nil || absent.ID != "" {
		t.Errorf("absent: %+v, %v", absent, err)
	}
}

func TestFailuresKeepTheirCode(t *testing.T) {
	s := &stub{err: diag.Fail(diag.RegistryDenied, errors.New("push reg/repo: 403 caf\xe9"), "Sign in.")}
	c := connect(t, s)
	_, err := c.Build(t.Context(), build.Request{}, nil)
	var f *diag.Failure
	if !errors.As(err, &f) || f.Code != diag.RegistryDenied || f.Hint != "Sign in." || f.Error() != "push reg/repo: 403 caf\uFFFD" {
		t.Errorf("error is %#v", err)
	}
	s.err = errors.New("plain")
	if _, err := c.Ready(t.Context()); err == nil || err.Error() != "plain" || errors.As(err, &f) && f.Code != diag.RegistryDenied {
		t.Errorf("error is %v", err)
	}
}

func TestCancellingReachesTheBuilder(t *testing.T) {
	s := &stub{blocked: make(chan struct{})}
	c := connect(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-s.blocked
		cancel()
	}()
	if _, err := c.Build(ctx, build.Request{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}
