//go:build e2e

package e2e_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// index is a package index of the test's own, in the "simple" form, which
// builds reach on an address of this machine.
type index struct {
	address        string // host:port
	user, password string // empty: anybody may read
	wheels         map[string][]byte

	mu       sync.Mutex
	asked    []string // paths, of those who were let in
	rejected int
}

// startIndex serves wheels, each of them "name==version".
func startIndex(t *testing.T, user, password string, packages ...string) *index {
	t.Helper()
	listener, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	x := &index{user: user, password: password, wheels: map[string][]byte{}}
	x.address = fmt.Sprintf("%s:%d", outward(t), listener.Addr().(*net.TCPAddr).Port)
	for _, p := range packages {
		name, version, _ := strings.Cut(p, "==")
		x.wheels[name+"-"+version+"-py3-none-any.whl"] = wheel(t, name, version)
	}
	server := &http.Server{Handler: x}
	go func() { _ = server.Serve(listener) }() // ends with the listener
	t.Cleanup(func() { _ = server.Close() })
	return x
}

// url is the index as settings name it, with credentials in front of the host
// where they are not empty.
func (x *index) url(credentials string) string {
	if credentials != "" {
		credentials += "@"
	}
	return "http://" + credentials + x.address + "/simple"
}

// host is the address without the port.
func (x *index) host() string {
	host, _, _ := strings.Cut(x.address, ":")
	return host
}

func (x *index) file(name string) string { return "http://" + x.address + "/files/" + name }

func (x *index) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, password, _ := r.BasicAuth()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.user != "" && (user != x.user || password != x.password) {
		x.rejected++
		w.Header().Set("WWW-Authenticate", `Basic realm="index"`)
		http.Error(w, "no entry", http.StatusUnauthorized)
		return
	}
	x.asked = append(x.asked, r.URL.Path)
	if file, ok := strings.CutPrefix(r.URL.Path, "/files/"); ok {
		content, known := x.wheels[file]
		if !known {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(content) // the client sees a broken body
		return
	}
	project := strings.Trim(strings.TrimPrefix(r.URL.Path, "/simple"), "/")
	var page strings.Builder
	for file, content := range x.wheels {
		if strings.HasPrefix(file, strings.ReplaceAll(project, "-", "_")+"-") {
			fmt.Fprintf(&page, "<a href=\"/files/%s#sha256=%x\">%s</a>\n", file, sha256.Sum256(content), file)
		}
	}
	if page.Len() == 0 {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html")
	_, _ = fmt.Fprintf(w, "<!DOCTYPE html><html><body>\n%s</body></html>\n", &page) // as above
}

// requests is how many were let in, and how many were not.
func (x *index) requests() (let, rejected int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.asked), x.rejected
}

// wheel is a package of one module, which knows its version.
func wheel(t *testing.T, name, version string) []byte {
	t.Helper()
	info := name + "-" + version + ".dist-info/"
	files := []struct{ name, content string }{
		{name + ".py", "version = '" + version + "'\n"},
		{info + "METADATA", "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n"},
		{info + "WHEEL", "Wheel-Version: 1.0\nGenerator: e2e\nRoot-Is-Purelib: true\nTag: py3-none-any\n"},
	}
	var record strings.Builder
	for _, f := range files {
		sum := sha256.Sum256([]byte(f.content))
		fmt.Fprintf(&record, "%s,sha256=%s,%d\n", f.name, base64.RawURLEncoding.EncodeToString(sum[:]), len(f.content))
	}
	files = append(files, struct{ name, content string }{info + "RECORD", record.String() + info + "RECORD,,\n"})
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for _, f := range files {
		w, err := archive.Create(f.name)
		if err == nil {
			_, err = w.Write([]byte(f.content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
