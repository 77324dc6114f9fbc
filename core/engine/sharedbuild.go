package engine

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/plan"
)

// A build that made images is in their registry too, under its id, so that its
// id means something on every machine that uses the registry.

// documents is a Registry that keeps more than images.
type documents interface {
	PutDocument(ctx context.Context, reference, mediaType string, data []byte) error
	GetDocument(ctx context.Context, reference, mediaType string) ([]byte, error)
}

const (
	buildType    = "application/vnd.stackrun.build.v1+json+gzip"
	largestBuild = 256 << 20 // bytes of a record once unpacked
)

// publish puts a record beside the first of its images that a registry has.
// Nothing is done where there is none.
func (im *images) publish(ctx context.Context, record build.Record) error {
	at := slices.IndexFunc(record.Images, func(i build.RecordImage) bool { return !i.Local() && i.Key != "" })
	registry, able := im.registry.(documents)
	if at < 0 || !able {
		return nil
	}
	record.SchemaVersion = build.RecordVersion
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if err := json.NewEncoder(z).Encode(record); err != nil {
		return fmt.Errorf("encode build %s: %w", record.ID, err)
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("pack build %s: %w", record.ID, err)
	}
	ctx, stop := context.WithTimeout(ctx, sharedTime)
	defer stop()
	return registry.PutDocument(ctx, repositoryOf(record.Images[at].Reference)+":"+record.ID, buildType, packed.Bytes())
}

// findBuild is a build of this machine's records, or else of the registry,
// which is then kept here.
func (e *Engine) findBuild(ctx context.Context, p *Planned, id string) (build.Record, error) {
	record, unknown := e.records().Load(id)
	if unknown == nil || !isCode(unknown, diag.BuildNotFound) || build.CheckID(id) != nil {
		return record, unknown
	}
	repositories := plan.Repositories(p.Resolved)
	registry, able := p.images.registry.(documents)
	if len(repositories) == 0 || !able {
		return record, unknown
	}
	for _, repository := range repositories {
		packed, err := registry.GetDocument(ctx, repository+":"+id, buildType)
		if err != nil {
			return record, fmt.Errorf("build %s is not known on this machine: %w", id, err)
		}
		if packed == nil {
			continue
		}
		if record, err = unpackBuild(packed, id); err != nil {
			return record, diag.Fail(diag.RecordCorrupt, fmt.Errorf("build %s of %s cannot be read: %w", id, repository, err), "use the version of stack that built it")
		}
		if err := e.records().Keep(record); err != nil {
			return record, err
		}
		return record, nil
	}
	list := diag.FromError(unknown)
	list[0] = list[0].Because("Looked in %s, and in %s.", e.records().Dir, strings.Join(repositories, ", "))
	return record, list
}

func unpackBuild(packed []byte, id string) (build.Record, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return build.Record{}, err
	}
	data, err := io.ReadAll(io.LimitReader(z, largestBuild+1))
	if err != nil {
		return build.Record{}, err
	}
	if len(data) > largestBuild {
		return build.Record{}, fmt.Errorf("it has more than %d bytes", largestBuild)
	}
	return build.DecodeRecord(data, id)
}
