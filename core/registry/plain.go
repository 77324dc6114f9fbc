package registry

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
)

// errPlain is a request that would have gone out unencrypted without anybody
// having allowed it.
var errPlain = errors.New("the registry speaks plain HTTP, which is not allowed for it")

// plainGuard refuses plain HTTP to hosts for which nobody allowed it: the
// library falls back to it for every private address, and credentials with it.
// A registry that may speak it may send its clients on to another host.
type plainGuard struct {
	next  http.RoundTripper
	plain map[string]bool
}

func (t *plainGuard) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "http" && !t.plain[r.URL.Host] && !onThisMachine(r.URL.Hostname()) && len(t.plain) == 0 {
		return nil, fmt.Errorf("%s: %w", r.URL.Host, errPlain)
	}
	return t.next.RoundTrip(r)
}

func onThisMachine(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// wrongProtocol reports whether the other side does not speak TLS, or not in a
// way that is trusted. Asking again changes neither.
func wrongProtocol(err error) bool {
	var header tls.RecordHeaderError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &header) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &certificate) ||
		strings.Contains(err.Error(), "server gave HTTP response to HTTPS client")
}

// refused reports whether nothing listens there. On this machine it is not tried
// again: that the registry is not started shall be told at once.
func refused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
