package registry

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/stackrun/stack/core/diag"
)

func TestDocument(t *testing.T) {
	const kind = "application/vnd.example.thing.v1+json"
	f := newFaulty(t)
	c := New(Options{Attempts: 1})
	at := f.host + "/app:build-1"
	if data, err := c.GetDocument(t.Context(), at, kind); data != nil || err != nil {
		t.Fatalf("before it is there: %q, %v", data, err)
	}
	for _, text := range []string{"first", "second"} {
		if err := c.PutDocument(t.Context(), at, kind, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if data, err := c.GetDocument(t.Context(), at, kind); string(data) != text || err != nil {
			t.Fatalf("%q, %v, want %s", data, err, text)
		}
	}
	if data, err := c.GetDocument(t.Context(), at, "application/other"); data != nil || err != nil {
		t.Errorf("of another kind: %q, %v", data, err)
	}
	im, err := random.Image(100, 1)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.ParseReference(f.host + "/app:image")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, im); err != nil {
		t.Fatal(err)
	}
	if data, err := c.GetDocument(t.Context(), ref.String(), kind); data != nil || err != nil {
		t.Errorf("an image: %q, %v", data, err)
	}

	large := bytes.Repeat([]byte("x"), largestDocument+1)
	if err := c.PutDocument(t.Context(), f.host+"/app:large", kind, large); err != nil {
		t.Fatal(err)
	}
	if _, err := c.GetDocument(t.Context(), f.host+"/app:large", kind); err == nil {
		t.Error("a document that is too large was read")
	}

	// What is not what its digest says is no document.
	f.with(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/blobs/") || r.Method != http.MethodGet {
			return false
		}
		_, _ = io.WriteString(w, "forged")
		return true
	})
	if data, err := c.GetDocument(t.Context(), at, kind); err == nil {
		t.Errorf("forged: %q", data)
	}
	f.with(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	for _, err := range []error{
		c.PutDocument(t.Context(), at, kind, nil),
		func() error { _, err := c.GetDocument(t.Context(), at, kind); return err }(),
	} {
		if err == nil || diag.FromError(err)[0].Code != diag.RegistryDenied {
			t.Errorf("denied: %v", err)
		}
	}
}
