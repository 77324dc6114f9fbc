package build

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/stackrun/stack/core/image"
)

// RecordVersion is the version of the format of records.
const RecordVersion = 1

// Record is a build: all images of one flow on one stack.
type Record struct {
	SchemaVersion int           `json:"schema_version"`
	ID            string        `json:"id"`
	Flow          string        `json:"flow"`
	Stack         string        `json:"stack"`
	Created       time.Time     `json:"created"`
	Images        []RecordImage `json:"images"`
}

// RecordImage is an image of a Record.
type RecordImage struct {
	Key       string       `json:"key"`
	Reference string       `json:"reference"`
	Digest    string       `json:"digest"`   // empty without a registry
	LocalID   string       `json:"local_id"` // empty with one
	Action    Action       `json:"action"`
	Reasons   []string     `json:"reasons"`
	Steps     []string     `json:"steps"`
	Inputs    image.Inputs `json:"inputs"`
}

var idPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`) })

// NewID makes the id of a build: the time to the second, so that ids sort by
// age, and 40 random bits.
func NewID(now time.Time) string {
	var random [5]byte
	if _, err := rand.Read(random[:]); err != nil {
		panic(err) // crypto/rand never fails on a supported system
	}
	tail := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(random[:]))
	return fmt.Sprintf("build-%s-%s", now.UTC().Format("20060102-150405"), tail)
}

// With is r with what became of one more image.
func (r Record) With(o Outcome) Record {
	images := append([]RecordImage(nil), r.Images...)
	r.Images = append(images, RecordImage{
		Key: o.Key, Reference: o.Reference, Digest: o.Digest, LocalID: o.LocalID,
		Action: o.Action, Reasons: o.Reasons, Steps: o.Steps, Inputs: o.Inputs,
	})
	return r
}
