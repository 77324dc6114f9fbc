package build

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
)

// Records is the folder of builds, .stack/builds: a file a build, and in latest/
// a file per flow and stack with what its steps used last. The folder need not
// exist.
type Records struct {
	Dir string // absolute
}

// Save writes the record, and notes its images as the latest of their steps. It
// may be called again as images are finished; each time the record is written
// whole or not at all.
func (s Records) Save(r Record) error {
	if err := s.Keep(r); err != nil {
		return err
	}
	latest := s.latest(r.Flow, r.Stack)
	for _, im := range r.Images {
		for _, step := range im.Steps {
			latest[step] = im.Inputs
		}
	}
	if err := writeJSON(s.latestPath(r.Flow, r.Stack), latest); err != nil {
		return diskError("note the latest images of flow "+r.Flow, err)
	}
	return nil
}

// Keep writes the record of a build that another machine made: its images are
// not what this one used last.
func (s Records) Keep(r Record) error {
	if err := CheckID(r.ID); err != nil {
		return err
	}
	r.SchemaVersion = RecordVersion
	if err := writeJSON(s.path(r.ID), r); err != nil {
		return diskError("write record of build "+r.ID, err)
	}
	return nil
}

// CheckID refuses a text that cannot be the id of a build.
func CheckID(id string) error {
	if !idPattern().MatchString(id) {
		return diag.List{diag.New(diag.BadName, "build id %q is not allowed", id)}
	}
	return nil
}

// Load reads a record. An unknown id is BuildNotFound with the nearest known
// one; a record that cannot be read is moved aside and is RecordCorrupt.
func (s Records) Load(id string) (Record, error) {
	data, err := os.ReadFile(s.path(id))
	if errors.Is(err, fs.ErrNotExist) || !idPattern().MatchString(id) {
		return Record{}, s.unknown(id)
	}
	if err != nil {
		return Record{}, diag.Fail(diag.FileUnreadable, fmt.Errorf("read record of build %s: %w", id, err), "")
	}
	r, err := DecodeRecord(data, id)
	if err == nil {
		return r, nil
	}
	var other *versionError
	if errors.As(err, &other) {
		// Another version of stack wrote it and can read it: it stays.
		return Record{}, diag.Fail(diag.RecordCorrupt, fmt.Errorf("record of build %s cannot be read: %w", id, err), "use the version of stack that built it")
	}
	aside := s.path(id) + ".corrupt"
	if moveErr := os.Rename(s.path(id), aside); moveErr != nil {
		aside = s.path(id)
	}
	return Record{}, diag.Fail(diag.RecordCorrupt, fmt.Errorf("record of build %s cannot be read: %w", id, err), "it is kept as "+aside)
}

// DecodeRecord reads the text of the record of a build.
func DecodeRecord(data []byte, id string) (Record, error) {
	var r Record
	if err := json.Unmarshal(data, &r); err != nil {
		return Record{}, err
	}
	switch {
	case r.SchemaVersion != RecordVersion:
		return Record{}, &versionError{r.SchemaVersion}
	case r.ID != id:
		return Record{}, fmt.Errorf("it is the record of build %q", r.ID)
	}
	return r, nil
}

// versionError is a record of another version.
type versionError struct{ version int }

func (e *versionError) Error() string {
	return fmt.Sprintf("it has version %d, and this stack reads %d", e.version, RecordVersion)
}

// List is every record, newest first. Records that cannot be read come as
// warnings and do not hide the others.
func (s Records) List() ([]Record, diag.List) {
	var records []Record
	var warnings diag.List
	for _, id := range s.ids() {
		r, err := s.Load(id)
		if err != nil {
			for _, d := range diag.FromError(err) {
				warnings = append(warnings, d.AsWarning())
			}
			continue
		}
		records = append(records, r)
	}
	sort.SliceStable(records, func(i, j int) bool { return records[i].Created.After(records[j].Created) })
	return records, warnings
}

// Previous is the inputs of the image that one of the steps used last on that
// stack; nil where nothing is known.
func (s Records) Previous(flow, stack string, steps []string) image.Inputs {
	latest := s.latest(flow, stack)
	for _, step := range steps {
		if in := latest[step]; in != nil {
			return in
		}
	}
	return nil
}

// latest reads a note of latest images. One that is damaged is as good as none:
// it only serves to give reasons, and is written anew by the next build.
func (s Records) latest(flow, stack string) map[string]image.Inputs {
	latest := map[string]image.Inputs{}
	data, err := os.ReadFile(s.latestPath(flow, stack))
	if err != nil || json.Unmarshal(data, &latest) != nil || latest == nil {
		return map[string]image.Inputs{}
	}
	return latest
}

// unknown is what to say of a build that is not recorded here.
func (s Records) unknown(id string) diag.List {
	d := diag.New(diag.BuildNotFound, "build %q does not exist", id).Because("Looked in %s.", s.Dir).Try(diag.DidYouMean(id, s.ids()))
	if d.Suggestion == "" {
		d = d.Try("`stack builds list` shows the builds of this project")
	}
	return diag.List{d}
}

func (s Records) path(id string) string { return filepath.Join(s.Dir, id+".json") }

// latestPath joins names that hold no "@", so that two pairs have two files.
func (s Records) latestPath(flow, stack string) string {
	return filepath.Join(s.Dir, "latest", flow+"@"+stack+".json")
}

func (s Records) ids() []string {
	entries, err := os.ReadDir(s.Dir)
	if err != nil {
		return nil
	}
	var ids []string
	for _, e := range entries {
		if id, ok := strings.CutSuffix(e.Name(), ".json"); ok && idPattern().MatchString(id) && e.Type().IsRegular() {
			ids = append(ids, id)
		}
	}
	return ids
}

// writeJSON writes a file so that a reader, or a machine that loses power, sees
// the old content or the new one, never a part.
func writeJSON(path string, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b.Bytes())
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the first error is the one to tell
	}
	return err
}
