package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"
)

const (
	firstWait   = 150 * time.Millisecond
	longestWait = 5 * time.Second
	// mostPatience bounds what a server may ask for with Retry-After.
	mostPatience = 60 * time.Second
)

// retrying sends a request again when the answer says nothing about what was
// asked: the server is in trouble, busy, or cannot be reached.
type retrying struct {
	next     http.RoundTripper
	attempts int
	wait     func(context.Context, time.Duration) error
}

func (t *retrying) RoundTrip(r *http.Request) (*http.Response, error) {
	for attempt := 1; ; attempt++ {
		response, err := t.next.RoundTrip(r)
		if attempt >= t.attempts || !worthRetrying(r, response, err) {
			return response, err
		}
		pause := backoff(attempt)
		if response != nil {
			if asked, ok := retryAfter(response.Header.Get("Retry-After"), time.Now()); ok {
				if asked > mostPatience { // it would take longer than anybody waits
					return response, err
				}
				pause = max(asked, 0)
			}
			_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // so that the connection is used again
			_ = response.Body.Close()
		}
		if err := t.wait(r.Context(), pause); err != nil {
			return nil, err
		}
		if r.Body != nil && r.Body != http.NoBody {
			body, err := r.GetBody()
			if err != nil {
				return nil, fmt.Errorf("read the request's body again: %w", err)
			}
			r = r.Clone(r.Context())
			r.Body = body
		}
	}
}

func worthRetrying(r *http.Request, response *http.Response, err error) bool {
	if r.Context().Err() != nil {
		return false
	}
	if r.Body != nil && r.Body != http.NoBody && r.GetBody == nil {
		return false // it cannot be sent twice
	}
	if err != nil {
		var dns *net.DNSError
		if errors.As(err, &dns) && dns.IsNotFound {
			return false
		}
		return !errors.Is(err, errPlain) && !wrongProtocol(err) && !(refused(err) && onThisMachine(r.URL.Hostname()))
	}
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusRequestTimeout, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// backoff is a random time below a bound that doubles with each attempt.
func backoff(attempt int) time.Duration {
	bound := min(firstWait<<attempt, longestWait)
	return bound/2 + time.Duration(rand.Int64N(int64(bound/2)))
}

// retryAfter reads seconds or a date (RFC 9110, section 10.2.3).
func retryAfter(header string, now time.Time) (time.Duration, bool) {
	if header == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseInt(header, 10, 32); err == nil && seconds >= 0 {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(header); err == nil {
		return at.Sub(now), true
	}
	return 0, false
}

func waitByClock(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
