package engine

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/core/sbom"
)

// Attacher is a Registry that can also read images and attach documents to them.
type Attacher interface {
	// EachImage calls visit with each image of a digest and its platform.
	EachImage(ctx context.Context, reference, digest string, visit func(platform string, im v1.Image) error) error
	// Referrer is the digest of an artifact of that type about an image, or empty.
	Referrer(ctx context.Context, reference, digest, artifactType string) (string, error)
	// Attach pushes an artifact about an image and gives its digest.
	Attach(ctx context.Context, reference, digest, artifactType string, annotations map[string]string, content []byte) (string, error)
}

// SBOM is a document about an image that is attached to it.
type SBOM struct {
	Image    string      `json:"image"`    // the reference of the image, or of the index that it is in
	Platform string      `json:"platform"` // of the image
	Subject  string      `json:"subject"`  // the digest of the image
	Format   sbom.Format `json:"format"`
	Digest   string      `json:"digest"`   // of the artifact that refers to it
	Existed  bool        `json:"existed"`  // it was attached before
	Packages int         `json:"packages"` // how many it lists; 0 where it existed
	Unlisted []string    `json:"unlisted"` // package databases that cannot be read
}

// CheckSBOM refuses a plan whose images no document can be attached to.
func (e *Engine) CheckSBOM(p *Planned) error {
	if p.images == nil {
		return diag.List{diag.New(diag.Unsupported, "--sbom is not possible on stack %s", p.Plan.Stack).
			Because("Orchestrator %s runs steps without images.", p.connection.info.Name).Try("choose a stack that builds images and has a registry")}
	}
	for _, im := range p.Plan.Images {
		if im.Local {
			return diag.List{diag.At(p.Resolved.Stack.Range, diag.Unsupported, "--sbom is not possible on stack %s", p.Plan.Stack).
				Because("An SBOM is attached to an image in a registry. This stack has none: image %s stays in the engine that builds it.", im.Reference).
				Try("add container_registry { uri = … } to the stack")}
		}
	}
	return nil
}

// AttachSBOMs attaches a document to every image that was built or reused, to
// each platform's image of an index apart. What has one of that format keeps it.
// Images that are taken as they are belong to somebody else and stay as they are.
func (e *Engine) AttachSBOMs(ctx context.Context, p *Planned, built plan.Plan, format sbom.Format, sink Sink) ([]SBOM, error) {
	attacher, ok := p.images.registry.(Attacher)
	if !ok {
		return nil, fmt.Errorf("the client of registries attaches no documents")
	}
	all := make([][]SBOM, len(built.Images))
	var mu sync.Mutex // a sink takes one event at a time
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2) // each reads whole images
	for i, im := range built.Images {
		if im.Digest == nil || im.Action == plan.Use || im.Action == plan.None {
			continue
		}
		group.Go(func() error {
			say := func(to, text string) {
				mu.Lock()
				defer mu.Unlock()
				sink(Event{Time: e.Now(), Type: BuildProgress, Image: im.Reference, From: "building", To: to, Message: text})
			}
			var err error
			if all[i], err = documented(ctx, attacher, im, format, func(text string) { say("building", text) }); err != nil {
				return err
			}
			say(map[plan.Action]string{plan.Reuse: "reuse", plan.Build: "built"}[im.Action], "SBOM attached")
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	out := []SBOM{}
	for _, list := range all {
		out = append(out, list...)
	}
	return out, nil
}

// documented attaches documents to one image, or to those of an index.
func documented(ctx context.Context, attacher Attacher, im plan.Image, format sbom.Format, say func(string)) ([]SBOM, error) {
	var out []SBOM
	err := attacher.EachImage(ctx, im.Reference, *im.Digest, func(platform string, image v1.Image) error {
		digest, err := image.Digest()
		if err != nil {
			return err
		}
		done := SBOM{Image: im.Reference, Platform: platform, Subject: digest.String(), Format: format, Unlisted: []string{}}
		if done.Digest, err = attacher.Referrer(ctx, im.Reference, done.Subject, format.MediaType()); err != nil {
			return err
		}
		if done.Existed = done.Digest != ""; !done.Existed {
			if done, err = documentedOne(ctx, attacher, image, done, say); err != nil {
				return err
			}
		}
		out = append(out, done)
		return nil
	})
	return out, err
}

func documentedOne(ctx context.Context, attacher Attacher, image v1.Image, s SBOM, say func(string)) (SBOM, error) {
	config, err := image.ConfigFile()
	if err != nil {
		return s, err
	}
	inventory, err := sbom.Read(ctx, image, func(read, layers int) {
		say(fmt.Sprintf("SBOM for %s: %d of %d layers read", s.Platform, read, layers))
	})
	if err != nil {
		return s, fmt.Errorf("list the packages of image %s: %w", s.Image, err)
	}
	created := config.Created.UTC()
	content, err := sbom.Document(s.Format, sbom.Subject{Repository: repositoryOf(s.Image), Digest: s.Subject, Platform: s.Platform, Created: created}, inventory)
	if err != nil {
		return s, err
	}
	annotations := map[string]string{}
	if !created.IsZero() {
		annotations["org.opencontainers.image.created"] = created.Format(time.RFC3339)
	}
	s.Packages = len(inventory.Packages)
	s.Unlisted = append(s.Unlisted, inventory.Unlisted...)
	s.Digest, err = attacher.Attach(ctx, s.Image, s.Subject, s.Format.MediaType(), annotations, content)
	return s, err
}

// repositoryOf is a reference without its tag and digest.
func repositoryOf(reference string) string {
	reference, _, _ = strings.Cut(reference, "@")
	if at := strings.LastIndexByte(reference, ':'); at > strings.LastIndexByte(reference, '/') {
		return reference[:at]
	}
	return reference
}
