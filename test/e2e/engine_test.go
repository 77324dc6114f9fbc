//go:build e2e

package e2e_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// client speaks to an engine's API directly: a test must not see an engine
// through the eyes of what it tests.
func (p place) client() *http.Client {
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", p.socket())
		},
	}}
}

// get reads one resource of the engine, and decodes it into out when that is
// not nil. The bytes are returned as they came.
func (p place) get(t *testing.T, path string, out any) []byte {
	t.Helper()
	response, err := p.client().Get("http://engine/v1.41" + path)
	if err != nil {
		t.Fatalf("engine %s: %v", p.name, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("engine %s: read %s: %v", p.name, path, err)
	}
	if response.StatusCode != http.StatusOK {
		t.Fatalf("engine %s: GET %s: %s: %s", p.name, path, response.Status, body)
	}
	if out != nil {
		if err := json.Unmarshal(body, out); err != nil {
			t.Fatalf("engine %s: decode %s: %v", p.name, path, err)
		}
	}
	return body
}

type container struct {
	ID     string `json:"Id"`
	Names  []string
	State  string
	Labels map[string]string
}

// containers lists the containers of a run, by the run id in their labels or names.
func (p place) containers(t *testing.T, run string) []container {
	t.Helper()
	var all, found []container
	p.get(t, "/containers/json?all=1", &all)
	for _, c := range all {
		texts := append([]string{}, c.Names...)
		for _, v := range c.Labels {
			texts = append(texts, v)
		}
		for _, text := range texts {
			if run != "" && strings.Contains(text, run) {
				found = append(found, c)
				break
			}
		}
	}
	return found
}

// running lists those of a run's containers that still run.
func (p place) running(t *testing.T, run string) []container {
	t.Helper()
	var found []container
	for _, c := range p.containers(t, run) {
		if c.State == "running" || c.State == "created" || c.State == "paused" || c.State == "restarting" {
			found = append(found, c)
		}
	}
	return found
}

// exported is the bytes of an image: its config, its history, and every layer
// unpacked, so that a text in any file of it can be searched for.
func (p place) exported(t *testing.T, reference string) []byte {
	t.Helper()
	var all bytes.Buffer
	archive := tar.NewReader(bytes.NewReader(p.get(t, "/images/"+url.PathEscape(reference)+"/get", nil)))
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("engine %s: read the archive of %s: %v", p.name, reference, err)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatalf("engine %s: read %s of %s: %v", p.name, header.Name, reference, err)
		}
		switch {
		case bytes.HasPrefix(content, []byte("\x1f\x8b")):
			unpacked, err := gzip.NewReader(bytes.NewReader(content))
			if err != nil {
				t.Fatalf("engine %s: unpack %s of %s: %v", p.name, header.Name, reference, err)
			}
			if _, err := io.Copy(&all, unpacked); err != nil {
				t.Fatalf("engine %s: unpack %s of %s: %v", p.name, header.Name, reference, err)
			}
		case bytes.HasPrefix(content, []byte("\x28\xb5\x2f\xfd")):
			t.Fatalf("engine %s: %s of %s is packed with zstd, which this test cannot search", p.name, header.Name, reference)
		default:
			all.Write(content)
		}
	}
	if all.Len() < 1<<20 {
		t.Fatalf("engine %s: the archive of %s has %d bytes: it is not the image", p.name, reference, all.Len())
	}
	return all.Bytes()
}
