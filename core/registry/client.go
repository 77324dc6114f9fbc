// Package registry asks container registries the few questions that planning
// and building have: which digest a reference has, whether an image of a key
// exists and how it is labelled, and to give an image another tag.
//
// It promises three answers and never a fourth: an image is there, it is not
// there, or it is not known and that is an error. What is not known (a server
// error, a timeout, too many requests) is asked again a few times first. Nothing
// that it returns holds a credential or a URL's query.
//
// Mirrors are applied to references before they come here, by core/image. It
// moves no layers: builders push.
package registry

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Options is how a Client reaches registries. The zero value is fit for use.
type Options struct {
	// PlainHTTP is the registries, such as registry.corp:5000, that speak HTTP.
	// Those on this machine may always.
	PlainHTTP []string
	// Keychain gives credentials; nil reads Docker's configuration and its
	// credential programs, each registry once.
	Keychain authn.Keychain
	// Transport sends requests; nil is a transport of its own with timeouts.
	Transport http.RoundTripper
	// Attempts is how often a request is sent at most; 0 is 5.
	Attempts int
	// Wait waits between attempts; nil waits by the clock.
	Wait func(ctx context.Context, d time.Duration) error
	// UserAgent names the program to registries.
	UserAgent string
}

// Client asks registries. It keeps connections and tokens, and may be used by
// many goroutines.
type Client struct {
	plain     map[string]bool
	keychain  authn.Keychain
	transport http.RoundTripper

	once   sync.Once // puller and pusher are made when they are first needed
	puller *remote.Puller
	pusher *remote.Pusher
	broken error
}

// New makes a client. It opens no connection and reads no file.
func New(o Options) *Client {
	c := &Client{plain: map[string]bool{}}
	for _, host := range o.PlainHTTP {
		c.plain[host] = true
	}
	keychain := o.Keychain
	if keychain == nil {
		keychain = authn.DefaultKeychain
	}
	c.keychain = &rememberedKeychain{from: keychain, known: map[string]*credential{}}
	base := o.Transport
	if base == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.ResponseHeaderTimeout = 30 * time.Second
		t.TLSHandshakeTimeout = 10 * time.Second
		t.MaxIdleConnsPerHost = 16
		base = t
	}
	retries := &retrying{next: &plainGuard{next: base, plain: c.plain}, attempts: o.Attempts, wait: o.Wait}
	if retries.attempts <= 0 {
		retries.attempts = 5
	}
	if retries.wait == nil {
		retries.wait = waitByClock
	}
	agent := o.UserAgent
	if agent == "" {
		agent = "stack"
	}
	c.transport = transport.NewUserAgent(retries, agent)
	return c
}

// start makes what talks to registries.
func (c *Client) start() error {
	c.once.Do(func() {
		options := []remote.Option{
			remote.WithTransport(c.transport),
			remote.WithAuthFromKeychain(c.keychain),
			// Retries are ours: they honour Retry-After.
			remote.WithRetryBackoff(remote.Backoff{Steps: 1}),
			remote.WithRetryPredicate(func(error) bool { return false }),
		}
		if c.puller, c.broken = remote.NewPuller(options...); c.broken == nil {
			c.pusher, c.broken = remote.NewPusher(options...)
		}
	})
	return c.broken
}

// parse reads a reference and decides how its registry is spoken to.
func (c *Client) parse(reference string) (name.Reference, error) {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return nil, badReference(reference, err)
	}
	if c.plain[ref.Context().RegistryStr()] {
		return name.ParseReference(reference, name.Insecure)
	}
	return ref, nil
}
