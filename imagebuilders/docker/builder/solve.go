package builder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	bkclient "github.com/moby/buildkit/client"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/moby/moby/client"
	"github.com/tonistiigi/fsutil"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/source"
)

// Build builds the stages one on top of the other and publishes the last.
func (b *Builder) Build(ctx context.Context, r build.Request, progress func(build.Progress)) (build.Result, error) {
	engine, err := b.connect()
	if err != nil {
		return build.Result{}, err
	}
	if err := b.check(ctx, engine, r); err != nil {
		return build.Result{}, err
	}
	w := newWatcher(progress, masker(r.Secrets, r.Proxy))
	var response map[string]string
	for attempt := 1; ; attempt++ {
		if response, err = b.stages(ctx, engine, r, w); err == nil {
			break
		}
		// Another build of the same Dockerfile may have ended between two stages
		// and taken away the name of the image below.
		var f *diag.Failure
		if len(r.Stages) == 1 || attempt == 3 || !errors.As(err, &f) || f.Code != diag.BaseNotFound {
			return build.Result{}, err
		}
	}
	result := build.Result{LocalID: response["containerimage.digest"], Warnings: w.warned()}
	if im, err := engine.ImageInspect(ctx, r.Destination); err == nil {
		result.LocalID = im.ID
	} else if ctx.Err() != nil {
		return build.Result{}, ctx.Err()
	}
	if !r.Push {
		return result, nil
	}
	if response["containerimage.descriptor"] != "" {
		// An engine with the containerd store has pushed already.
		result.Digest = response["containerimage.digest"]
		return result, nil
	}
	for _, reference := range append([]string{r.Destination}, r.ExtraTags...) {
		digest, err := b.push(ctx, engine, reference, w)
		if err != nil {
			return build.Result{}, err
		}
		if result.Digest == "" {
			result.Digest = digest
		}
	}
	return result, nil
}

// stages builds one stage after the other and gives what the engine says of the
// last.
func (b *Builder) stages(ctx context.Context, engine *client.Client, r build.Request, w *watcher) (response map[string]string, err error) {
	for i, stage := range r.Stages {
		last := i == len(r.Stages)-1
		names := append([]string{r.Destination}, r.ExtraTags...)
		if !last {
			names = []string{r.Stages[i+1].Base}
			defer b.remove(engine, names[0])
		}
		if response, err = b.solve(ctx, engine, r, stage, names, last, w); err != nil {
			return nil, err
		}
	}
	return response, nil
}

// remove takes away the name of an image that was only there to build on. Its
// layers stay as far as the image on top of it has them.
func (b *Builder) remove(engine *client.Client, reference string) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second) // after a cancelled build, too
	defer cancel()
	_, _ = engine.ImageRemove(ctx, reference, client.ImageRemoveOptions{}) // a name that is left does no harm
}

// check refuses what this engine would ignore.
func (b *Builder) check(ctx context.Context, engine *client.Client, r build.Request) error {
	if len(r.Stages) == 0 {
		return fmt.Errorf("the request for %s has no stages", r.Destination)
	}
	if len(r.Platforms) > 1 { // whoever asks builds one by one
		return diag.Fail(diag.BuilderCannot, fmt.Errorf("the docker builder makes images for one platform at a time, not for %s", strings.Join(r.Platforms, ", ")), "name one platform")
	}
	need, err := needsOf(r, b.config)
	if err != nil {
		return err
	}
	return b.able(ctx, engine, need)
}

// solve builds one stage under the names given. Only the last stage has the
// image's labels and is pushed.
func (b *Builder) solve(ctx context.Context, engine *client.Client, r build.Request, stage image.Stage, names []string, last bool, w *watcher) (map[string]string, error) {
	solving, stop := context.WithCancel(ctx)
	defer stop()
	bk, err := bkclient.New(solving, "",
		bkclient.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return engine.DialHijack(ctx, "/grpc", "h2c", nil)
		}),
		bkclient.WithSessionDialer(func(ctx context.Context, proto string, meta map[string][]string) (net.Conn, error) {
			return engine.DialHijack(ctx, "/session", proto, meta)
		}))
	if err != nil {
		return nil, engineFailure(ctx, "connect to the engine's BuildKit", engine, err)
	}
	defer func() { _ = bk.Close() }() // the connection goes with the process

	if err := b.checkBases(solving, bk, r, stage); err != nil {
		return nil, err
	}
	context := newFiles(stage.Files)
	context.stop = stop
	dockerfile := newFiles([]source.File{
		source.Bytes("Dockerfile", stage.Dockerfile, false),
		// The files of the context are chosen already. This keeps the engine from
		// applying a .dockerignore among them.
		source.Bytes("Dockerfile.dockerignore", []byte("# nothing\n"), false),
	})
	own, err := readOptions(stage.Options)
	if err != nil {
		return nil, err
	}
	options := bkclient.SolveOpt{
		Frontend:      "dockerfile.v0",
		FrontendAttrs: b.attributes(r, stage, last),
		LocalMounts:   map[string]fsutil.FS{"context": context, "dockerfile": dockerfile},
		SharedKey:     sharedKey(r, stage),
		Session:       []session.Attachable{secretsprovider.FromMap(secretsOf(r)), &credentials{keychain: b.options.Keychain}},
		Exports:       []bkclient.ExportEntry{b.export(r, names, last)},
		// An engine keeps a record of the builds that are not: its log as it was
		// written, and the arguments. Neither is masked.
		Internal: true,
	}
	own.apply(&options, insecureRegistry(r))
	statuses := make(chan *bkclient.SolveStatus)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		w.take(statuses)
	}()
	solved, err := bk.Solve(solving, nil, options, statuses)
	<-watched
	if err != nil {
		return nil, buildFailure(ctx, engine, r, stage, context, w, err)
	}
	return solved.ExporterResponse, nil
}

// attributes is what the Dockerfile frontend is told.
func (b *Builder) attributes(r build.Request, stage image.Stage, last bool) map[string]string {
	attrs := map[string]string{"filename": "Dockerfile"}
	for name, value := range stage.Args {
		attrs["build-arg:"+name] = value
	}
	// Proxies are predefined arguments: they are in the environment of commands
	// and in neither history nor layer cache.
	for name, value := range r.Proxy {
		attrs["build-arg:"+name] = value
	}
	if last {
		for name, value := range r.Labels {
			attrs["label:"+name] = value
		}
	}
	if stage.Target != "" {
		attrs["target"] = stage.Target
	}
	if len(r.Platforms) == 1 {
		attrs["platform"] = r.Platforms[0]
	}
	if r.NoCache {
		attrs["no-cache"] = ""
	}
	if stage.Pull && stage.Base == "" { // what was built just now is in no registry
		attrs["image-resolve-mode"] = "pull"
	}
	if b.config.Reproducible {
		attrs["build-arg:SOURCE_DATE_EPOCH"] = strconv.FormatInt(firstTime/1e9, 10)
	}
	return attrs
}

// export is where the image goes. Engines without the containerd store ignore
// push and are asked to push afterwards.
func (b *Builder) export(r build.Request, names []string, last bool) bkclient.ExportEntry {
	attrs := map[string]string{"name": strings.Join(names, ",")}
	if last && r.Push {
		attrs["push"] = "true"
		if r.Insecure {
			attrs["registry.insecure"] = "true"
		}
	}
	if b.config.Reproducible {
		attrs["rewrite-timestamp"], attrs["unpack"] = "true", "false"
	}
	return bkclient.ExportEntry{Type: "moby", Attrs: attrs}
}

// insecureRegistry is the registry that speaks plain HTTP; empty where none does.
func insecureRegistry(r build.Request) string {
	if !r.Insecure {
		return ""
	}
	return registryOf(r.Destination)
}

// sharedKey names the engine's copy of the context. Builds of one project share
// it, so that only what changed is sent; those of two must not, or they would
// take turns in throwing away each other's.
func sharedKey(r build.Request, stage image.Stage) string {
	repository := r.Destination
	if colon := strings.LastIndexByte(repository, ':'); colon > strings.LastIndexByte(repository, '/') {
		repository = repository[:colon]
	}
	root := ""
	for _, f := range stage.Files {
		if f.Source != "" {
			root = rootOf(f.Source, f.Path)
			break
		}
	}
	sum := sha256.Sum256([]byte(repository + "\x00" + root + "\x00" + stage.Base))
	return "stack-" + hex.EncodeToString(sum[:16])
}

// rootOf is source without what it has in common with the end of path.
func rootOf(source, path string) string {
	s, p := strings.Split(source, "/"), strings.Split(path, "/")
	for len(s) > 0 && len(p) > 0 && s[len(s)-1] == p[len(p)-1] {
		s, p = s[:len(s)-1], p[:len(p)-1]
	}
	return strings.Join(s, "/")
}

// secretsOf is what the build may mount, by name.
func secretsOf(r build.Request) map[string][]byte {
	all := make(map[string][]byte, len(r.Secrets)+1)
	for _, s := range r.Secrets {
		all[s.Name] = s.Value
	}
	if len(r.CABundle) > 0 {
		all[image.CABundleSecret] = r.CABundle
	}
	return all
}
