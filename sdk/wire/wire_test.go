package wire

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/stackrun/stack/sdk"
)

// echo takes whatever it is given and answers with what it was told to.
type echo struct {
	got   []any
	reply []any
	err   error
}

func (e *echo) take(values ...any) { e.got = values }

func reply[T any](e *echo, i int) (value T) {
	if i < len(e.reply) {
		value, _ = e.reply[i].(T)
	}
	return value
}

func (e *echo) Handshake(_ context.Context, h sdk.Host) (sdk.Info, error) {
	e.take(h)
	return reply[sdk.Info](e, 0), e.err
}
func (e *echo) Schema(context.Context) (sdk.Schema, error) { return reply[sdk.Schema](e, 0), e.err }
func (e *echo) Validate(_ context.Context, stack sdk.Config, steps map[string]sdk.Config) ([]sdk.Diagnostic, error) {
	e.take(stack, steps)
	return reply[[]sdk.Diagnostic](e, 0), e.err
}
func (e *echo) Configure(_ context.Context, c sdk.Configuration) (sdk.Identity, []sdk.Diagnostic, error) {
	e.take(c)
	return reply[sdk.Identity](e, 0), reply[[]sdk.Diagnostic](e, 1), e.err
}
func (e *echo) Plan(_ context.Context, w sdk.Workflow, online bool) (sdk.Plan, []sdk.Diagnostic, error) {
	e.take(w, online)
	return reply[sdk.Plan](e, 0), reply[[]sdk.Diagnostic](e, 1), e.err
}
func (e *echo) Submit(_ context.Context, w sdk.Workflow, private []byte) (sdk.Submission, error) {
	e.take(w, private)
	return reply[sdk.Submission](e, 0), e.err
}
func (e *echo) Watch(_ context.Context, r sdk.WatchRequest, yield func(sdk.Event) error) error {
	e.take(r)
	for _, event := range reply[[]sdk.Event](e, 0) {
		if err := yield(event); err != nil {
			return err
		}
	}
	return e.err
}
func (e *echo) Logs(_ context.Context, r sdk.LogsRequest, yield func(sdk.LogChunk) error) error {
	e.take(r)
	for _, chunk := range reply[[]sdk.LogChunk](e, 0) {
		if err := yield(chunk); err != nil {
			return err
		}
	}
	return e.err
}
func (e *echo) Cancel(_ context.Context, r sdk.CancelRequest) (bool, error) {
	e.take(r)
	return reply[bool](e, 0), e.err
}
func (e *echo) List(_ context.Context, r sdk.ListRequest) ([]sdk.RunSummary, string, error) {
	e.take(r)
	return reply[[]sdk.RunSummary](e, 0), reply[string](e, 1), e.err
}

// connect serves o over memory.
func connect(t *testing.T, o sdk.Orchestrator) *Client {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer(ServerOptions()...)
	Register(server, o, nil)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:memory", append(DialOptions(),
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

func fill[T any](r *rand.Rand) T {
	var value T
	random(r, reflect.ValueOf(&value).Elem(), false)
	return value
}

func TestEverythingArrivesAsItWas(t *testing.T) {
	e := &echo{}
	c := connect(t, e)
	ctx := t.Context()
	check := func(seed uint64, call string, got, want []any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d: %s (-want +got):\n%s", seed, call, diff)
		}
	}
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 0))
		diags := fill[[]sdk.Diagnostic](r)

		host, info := fill[sdk.Host](r), fill[sdk.Info](r)
		e.reply = []any{info}
		gotInfo, err := c.Handshake(ctx, host)
		check(seed, "Handshake", []any{gotInfo, err, e.got}, []any{info, nil, []any{host}})

		schema := fill[sdk.Schema](r)
		e.reply = []any{schema}
		gotSchema, err := c.Schema(ctx)
		check(seed, "Schema", []any{gotSchema, err}, []any{schema, nil})

		stack, steps := fill[sdk.Config](r), fill[map[string]sdk.Config](r)
		e.reply = []any{diags}
		gotDiags, err := c.Validate(ctx, stack, steps)
		check(seed, "Validate", []any{gotDiags, err, e.got}, []any{diags, nil, []any{stack, steps}})

		configuration, identity := fill[sdk.Configuration](r), fill[sdk.Identity](r)
		e.reply = []any{identity, diags}
		gotIdentity, gotDiags, err := c.Configure(ctx, configuration)
		check(seed, "Configure", []any{gotIdentity, gotDiags, err, e.got}, []any{identity, diags, nil, []any{configuration}})

		workflow, plan, online := fill[sdk.Workflow](r), fill[sdk.Plan](r), fill[bool](r)
		e.reply = []any{plan, diags}
		gotPlan, gotDiags, err := c.Plan(ctx, workflow, online)
		check(seed, "Plan", []any{gotPlan, gotDiags, err, e.got}, []any{plan, diags, nil, []any{workflow, online}})

		submission, private := fill[sdk.Submission](r), fill[[]byte](r)
		e.reply = []any{submission}
		gotSubmission, err := c.Submit(ctx, workflow, private)
		check(seed, "Submit", []any{gotSubmission, err, e.got}, []any{submission, nil, []any{workflow, private}})

		watch, events := fill[sdk.WatchRequest](r), fill[[]sdk.Event](r)
		e.reply = []any{events}
		var gotEvents []sdk.Event
		err = c.Watch(ctx, watch, func(e sdk.Event) error { gotEvents = append(gotEvents, e); return nil })
		check(seed, "Watch", []any{gotEvents, err, e.got}, []any{events, nil, []any{watch}})

		logs, chunks := fill[sdk.LogsRequest](r), fill[[]sdk.LogChunk](r)
		e.reply = []any{chunks}
		var gotChunks []sdk.LogChunk
		err = c.Logs(ctx, logs, func(c sdk.LogChunk) error { gotChunks = append(gotChunks, c); return nil })
		check(seed, "Logs", []any{gotChunks, err, e.got}, []any{chunks, nil, []any{logs}})

		cancel, done := fill[sdk.CancelRequest](r), fill[bool](r)
		e.reply = []any{done}
		gotDone, err := c.Cancel(ctx, cancel)
		check(seed, "Cancel", []any{gotDone, err, e.got}, []any{done, nil, []any{cancel}})

		list, runs, next := fill[sdk.ListRequest](r), fill[[]sdk.RunSummary](r), fill[string](r)
		e.reply = []any{runs, next}
		gotRuns, gotNext, err := c.List(ctx, list)
		check(seed, "List", []any{gotRuns, gotNext, err, e.got}, []any{runs, next, nil, []any{list}})
	}
}

func TestRandomReachesEveryField(t *testing.T) {
	// A field that random leaves alone would make the test above say nothing.
	r := rand.New(rand.NewPCG(1, 2))
	set := map[string]bool{}
	var visit func(v reflect.Value)
	visit = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() {
				visit(v.Elem())
			}
		case reflect.Slice:
			for i := range v.Len() {
				visit(v.Index(i))
			}
		case reflect.Struct:
			if v.Type() == reflect.TypeFor[time.Time]() {
				return
			}
			for i := range v.NumField() {
				name := v.Type().Name() + "." + v.Type().Field(i).Name
				set[name] = set[name] || !v.Field(i).IsZero()
				visit(v.Field(i))
			}
		}
	}
	for range 400 {
		w, p, e, s := fill[sdk.Workflow](r), fill[sdk.Plan](r), fill[sdk.Event](r), fill[sdk.Schema](r)
		for _, v := range []any{w, p, e, s, fill[sdk.LogChunk](r), fill[sdk.Diagnostic](r), fill[sdk.RunSummary](r), fill[sdk.Configuration](r)} {
			visit(reflect.ValueOf(v))
		}
	}
	for name, ever := range set {
		if !ever {
			t.Errorf("%s was never set", name)
		}
	}
}

func TestTextThatIsNotUTF8IsCarriedAllTheSame(t *testing.T) {
	e := &echo{reply: []any{[]sdk.Event{{Kind: sdk.EventRun, Message: "caf\xe9"}}}}
	c := connect(t, e)
	var message string
	err := c.Watch(t.Context(), sdk.WatchRequest{}, func(e sdk.Event) error { message = e.Message; return nil })
	if err != nil || message != "caf\uFFFD" {
		t.Errorf("%q, %v", message, err)
	}
	e.err = errors.New("caf\xe9")
	if _, err := c.Schema(t.Context()); err == nil || err.Error() != "caf\uFFFD" {
		t.Errorf("%v", err)
	}
}

func TestErrorsKeepTheirKind(t *testing.T) {
	e := &echo{}
	c := connect(t, e)
	full := &sdk.Error{Origin: sdk.OriginPlatform, Message: "quota", Retryable: true, RetryAfter: 3 * time.Second, Hint: "ask for more", Denied: true, NotFound: true}
	for _, tc := range []struct {
		name string
		err  error
		want *sdk.Error // nil: none
		text string
	}{
		{"an sdk.Error", full, full, "quota"},
		{"a wrapped one", fmt.Errorf("submit: %w", full), &sdk.Error{Origin: sdk.OriginPlatform, Message: "submit: quota", Retryable: true, RetryAfter: 3 * time.Second, Hint: "ask for more", Denied: true, NotFound: true}, "submit: quota"},
		{"another", errors.New("boom"), nil, "boom"},
		{"a cancellation that is not the caller's", context.Canceled, nil, "Schema: Canceled: context canceled"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e.err = tc.err
			_, err := c.Schema(t.Context())
			var got *sdk.Error
			if errors.As(err, &got) != (tc.want != nil) {
				t.Fatalf("error is %T %v", err, err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if err.Error() != tc.text {
				t.Errorf("text %q, want %q", err, tc.text)
			}
			if errors.Is(err, context.Canceled) {
				t.Error("the caller would take it for its own cancellation")
			}
		})
	}
}

func TestPanicsAreErrorsAndTheNextCallWorks(t *testing.T) {
	c := connect(t, panicky{&echo{}})
	for range 2 {
		_, err := c.Schema(t.Context())
		var broken *PanicError
		if !errors.As(err, &broken) || !strings.Contains(broken.Trace, "out of luck") || !strings.Contains(broken.Trace, "panicky") {
			t.Errorf("error is %v", err)
		}
	}
	err := c.Watch(t.Context(), sdk.WatchRequest{}, func(sdk.Event) error { return nil })
	var broken *PanicError
	if !errors.As(err, &broken) || broken.Call != "Watch" {
		t.Errorf("error is %v", err)
	}
}

type panicky struct{ *echo }

func (panicky) Schema(context.Context) (sdk.Schema, error) { panic("out of luck") }
func (panicky) Watch(context.Context, sdk.WatchRequest, func(sdk.Event) error) error {
	panic("out of luck")
}

func TestDecodeOfOtherStatuses(t *testing.T) {
	if err := decodeError(t.Context(), "List", status.Error(codes.Unimplemented, "unknown method")); err == nil || !strings.Contains(err.Error(), "no call List") {
		t.Errorf("%v", err)
	}
	if err := decodeError(t.Context(), "List", status.Error(codes.Unavailable, "EOF")); !errors.Is(err, ErrLost) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := decodeError(ctx, "List", status.Error(codes.Canceled, "context canceled")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestWordsFromTheFutureArrive(t *testing.T) {
	e := &echo{reply: []any{[]sdk.Event{{Kind: "weather", State: "floating", Reason: "moon"}}}}
	c := connect(t, e)
	var got sdk.Event
	err := c.Watch(t.Context(), sdk.WatchRequest{}, func(e sdk.Event) error { got = e; return nil })
	if diff := cmp.Diff(sdk.Event{Kind: "weather", State: "floating", Reason: "moon"}, got); diff != "" || err != nil {
		t.Errorf("%s, %v", diff, err)
	}
}
