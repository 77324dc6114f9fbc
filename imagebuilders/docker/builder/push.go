package builder

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"

	"github.com/moby/moby/client"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
)

// pushedLine is how engines end a push, those that say it in no other way.
var pushedLine = regexp.MustCompile(`digest: (sha256:[0-9a-f]{64})`)

// push publishes an image of the engine's store and gives the digest of its
// manifest, which such an engine does not know before.
func (b *Builder) push(ctx context.Context, engine *client.Client, reference string, w *watcher) (string, error) {
	action := "push " + reference
	c := &credentials{keychain: b.options.Keychain}
	header, err := c.header(ctx, reference)
	if err != nil {
		return "", diag.Fail(diag.RegistryDenied, fmt.Errorf("%s: %w", action, err), "check the credential program that Docker's configuration names")
	}
	stream, err := engine.ImagePush(ctx, reference, client.ImagePushOptions{RegistryAuth: header})
	if err != nil {
		return "", engineFailure(ctx, action, engine, err)
	}
	defer stream.Close()
	digest := ""
	for message, err := range stream.JSONMessages(ctx) {
		if err != nil {
			return "", pushFailure(ctx, action, err)
		}
		if message.Error != nil { // errors come in the stream
			return "", pushFailure(ctx, action, message.Error)
		}
		if message.Aux != nil {
			var aux struct{ Digest string }
			if json.Unmarshal(*message.Aux, &aux) == nil && aux.Digest != "" {
				digest = aux.Digest
			}
		}
		if found := pushedLine.FindStringSubmatch(message.Status); found != nil && digest == "" {
			digest = found[1]
		}
		p := build.Progress{Vertex: "push", State: "running", Message: message.Status}
		if message.ID != "" {
			p.Message = message.ID + " " + message.Status
		}
		if message.Progress != nil {
			p.Current, p.Total = message.Progress.Current, message.Progress.Total
		}
		if w.report != nil && message.Status != "" {
			w.report(p)
		}
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if digest == "" {
		return "", diag.Fail(diag.BuildFailed, fmt.Errorf("%s: the engine did not say which digest it pushed", action), "")
	}
	return digest, nil
}
