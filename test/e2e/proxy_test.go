//go:build e2e

package e2e_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// TestCompanyNetwork: behind a proxy, and an authority of the company's own that
// the base image does not trust. Both reach every install; neither is kept.
func TestCompanyNetwork(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		authority, certificate := companyAuthority(t)
		proxy := startProxy(t)
		// The value makes the installs new to the engine's layer cache.
		image := fmt.Sprintf(`base_image: "python:3.11-noca", apt_packages: [libgomp1], requirements: [tabulate==0.9.0], environment: {NEW: "%s"}`, marker(t))
		text := "version: 1\nname: company\nimage: {" + image + "}\nsteps:\n  only: {command: [python, -c, \"import tabulate, os; print(tabulate.__version__, os.environ.get('HTTPS_PROXY'))\"]}\n"

		p := newProject(t, map[string]string{
			"stacks.hcl": stacks{builder: fmt.Sprintf("ca_bundle = %q\n    proxy = { http = %q, https = %q }", authority, proxy.url, proxy.url)}.hcl(t),
			"flow.yaml":  text,
			// What names the proxy is no source of the flow.
			".dockerignore": "stacks.hcl\n",
		}).on(on)
		r := p.must(0, "run", "flow.yaml")
		p.wants(r, "0.9.0 None")
		if proxy.seen.Load() == 0 {
			t.Errorf("no install went through the proxy:\n%s", r)
		}

		image0 := images(t, p.must(0, "build", "flow.yaml", "--why", "-o", "json"))[0]
		exported := on.exported(t, image0.Reference)
		if bytes.Contains(exported, []byte(proxy.address)) {
			t.Error("the proxy's address is in the image")
		}
		if bytes.Contains(exported, certificate) {
			t.Error("the authority's certificate is in the image")
		}

		// Another way out is no other image.
		p.write("stacks.hcl", stacks{}.hcl(t))
		if again := images(t, p.must(0, "build", "flow.yaml", "--why", "-o", "json"))[0]; again.Key != image0.Key {
			t.Error("the proxy or the CA bundle is part of the key")
		}
	})
}

// companyAuthority writes a bundle of what this machine trusts and one more
// authority, made here, so that it is in no image. It gives the bundle's path
// and a line of the added certificate.
func companyAuthority(t *testing.T) (string, []byte) {
	t.Helper()
	trusted, err := os.ReadFile(need(t, "STACK_E2E_CA"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "company of " + t.Name()},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	path := filepath.Join(t.TempDir(), "company.crt")
	if err := os.WriteFile(path, slices.Concat(trusted, []byte("\n"), certificate), 0o644); err != nil {
		t.Fatal(err)
	}
	return path, bytes.Split(certificate, []byte("\n"))[2]
}

type testProxy struct {
	url, address string
	seen         atomic.Int64
}

// startProxy is a forward proxy on every address of this machine, so that
// builds reach it on any bridge.
func startProxy(t *testing.T) *testProxy {
	t.Helper()
	listener, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	p := &testProxy{}
	p.address = fmt.Sprintf("%s:%d", outward(t), port)
	p.url = "http://" + p.address
	server := &http.Server{Handler: p}
	go func() { _ = server.Serve(listener) }() // ends with the listener
	t.Cleanup(func() { _ = server.Close() })
	return p
}

// outward is an address of this machine that is not loopback.
func outward(t *testing.T) string {
	t.Helper()
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			return n.IP.String()
		}
	}
	t.Fatal("this machine has no address")
	return ""
}

// ServeHTTP tunnels CONNECT and forwards everything else.
func (p *testProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.seen.Add(1)
	if r.Method != http.MethodConnect {
		r.RequestURI = ""
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer response.Body.Close()
		for name, values := range response.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(response.StatusCode)
		_, _ = io.Copy(w, response.Body) // the client sees a broken body
		return
	}
	upstream, err := net.Dial("tcp", r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer upstream.Close()
	w.WriteHeader(http.StatusOK)
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	done := make(chan struct{}, 2)
	go func() { _, _ = io.Copy(upstream, buffered); done <- struct{}{} }() // ends with either side
	go func() { _, _ = io.Copy(client, upstream); done <- struct{}{} }()
	<-done
}
