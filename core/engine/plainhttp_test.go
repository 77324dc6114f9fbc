package engine

import (
	"testing"

	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/stackfile"
)

// plain_http is said of a registry, which is a host: of all its repositories,
// as the client that looks for images takes it.
func TestPlainHTTPIsOfTheHost(t *testing.T) {
	for reference, want := range map[string]bool{
		"127.0.0.1:5000/team/app:1":  true,
		"127.0.0.1:5000/other/app:1": true,
		"127.0.0.1:50001/team/app:1": false,
		"ghcr.io/team/app:1":         false,
	} {
		im := &images{builder: &stackBuilder{}, stack: &stackfile.Stack{Registry: &stackfile.Registry{URI: "127.0.0.1:5000/team", PlainHTTP: true}}}
		planned := withSecret(t, "train", image.BuildSecret{Name: "TOKEN"})
		planned.Reference = reference
		job, err := im.job(planned, nil)
		if err != nil || job.Request.Insecure != want {
			t.Errorf("%s: %v, %v", reference, job.Request.Insecure, err)
		}
	}
}
