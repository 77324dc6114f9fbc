package run

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
)

// Store is the folder of records, .stack/runs. The folder need not exist.
type Store struct {
	Dir string // absolute
}

// Path is the folder of the run.
func (s Store) Path(id string) string { return filepath.Join(s.Dir, id) }

// Create makes the folder and first record of a run, and holds the run from
// before the record can be seen. A run of that id that exists already is
// RunExists.
func (s Store) Create(r Record) (*Host, error) {
	if err := CheckID(r.ID); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return nil, diskError("create folder for runs", err)
	}
	err := os.Mkdir(s.Path(r.ID), 0o755)
	if errors.Is(err, fs.ErrExist) {
		return nil, diag.Fail(diag.RunExists, fmt.Errorf("run %s exists already", r.ID),
			fmt.Sprintf("`stack watch %s` shows it; leave --run-id away to start another", r.ID))
	}
	if err != nil {
		return nil, diskError("create folder of run "+r.ID, err)
	}
	host, err := s.Host(r.ID)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.Path(r.ID)))
	}
	if err := s.Save(r); err != nil {
		host.Release()
		return nil, errors.Join(err, os.RemoveAll(s.Path(r.ID)))
	}
	return host, nil
}

// Save writes the record. It is either written whole or not at all.
func (s Store) Save(r Record) error {
	r.SchemaVersion = SchemaVersion
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode record of run %s: %w", r.ID, err)
	}
	if err := WriteFile(filepath.Join(s.Path(r.ID), "record.json"), append(data, '\n')); err != nil {
		return diskError("write record of run "+r.ID, err)
	}
	return nil
}

// Load reads the record of a run. An unknown id is RunNotFound with the
// nearest known one; a record that cannot be read is moved aside and is
// RecordCorrupt.
func (s Store) Load(id string) (Record, error) {
	path := filepath.Join(s.Path(id), "record.json")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || CheckID(id) != nil {
		return Record{}, diag.List{diag.New(diag.RunNotFound, "run %q does not exist", id).
			Because("Looked in %s.", s.Dir).Try(diag.DidYouMean(id, s.ids()))}
	}
	if err != nil {
		return Record{}, diag.Fail(diag.FileUnreadable, fmt.Errorf("read record of run %s: %w", id, err), "")
	}
	r, err := decode(data)
	var other *versionError
	if errors.As(err, &other) {
		// Another version of stack wrote it and can read it: it stays.
		return Record{}, diag.Fail(diag.RecordCorrupt, fmt.Errorf("record of run %s cannot be read: %w", id, err), "use the version of stack that started the run")
	}
	if err == nil && r.ID != id {
		err = fmt.Errorf("it is the record of run %q", r.ID)
	}
	if err != nil {
		aside := path + ".corrupt"
		if moveErr := os.Rename(path, aside); moveErr != nil {
			aside = path
		}
		return Record{}, diag.Fail(diag.RecordCorrupt, fmt.Errorf("record of run %s cannot be read: %w", id, err),
			"it is kept as "+aside)
	}
	return r, nil
}

// versionError is a record of another version.
type versionError struct{ version int }

func (e *versionError) Error() string {
	return fmt.Sprintf("it has version %d, and this stack reads %d", e.version, SchemaVersion)
}

// decode reads a record and checks what the rest of the program relies on.
func decode(data []byte) (Record, error) {
	var r Record
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&r); err != nil {
		return Record{}, err
	}
	switch {
	case r.SchemaVersion != SchemaVersion:
		return Record{}, &versionError{r.SchemaVersion}
	case CheckID(r.ID) != nil:
		return Record{}, fmt.Errorf("its run id %q is not allowed", r.ID)
	case r.State == "":
		return Record{}, errors.New("it has no state")
	}
	return r, nil
}

// List is every record, newest first. Records that cannot be read come as
// warnings and do not hide the others.
func (s Store) List() ([]Record, diag.List) {
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

// ids is the names of the folders that hold a record.
func (s Store) ids() []string {
	entries, err := os.ReadDir(s.Dir)
	if err != nil {
		return nil
	}
	var ids []string
	for _, e := range entries {
		if _, err := os.Stat(filepath.Join(s.Dir, e.Name(), "record.json")); err == nil && !strings.HasPrefix(e.Name(), ".") {
			ids = append(ids, e.Name())
		}
	}
	return ids
}

// diskError is a write that failed, with what can be done about it.
func diskError(action string, err error) error {
	return diag.Fail(diag.DiskFull, fmt.Errorf("%s: %w", action, err), "free space or fix the permissions of the folder")
}
