package build

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"regexp"
	"slices"
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

	// Records of earlier versions lack these.
	Dockerfile string   `json:"dockerfile,omitempty"`
	Platforms  []string `json:"platforms,omitempty"`
	Base       *Base    `json:"base,omitempty"`
	PlainHTTP  bool     `json:"plain_http,omitempty"` // its registry speaks plain HTTP
}

// Base is the image that an image starts from.
type Base struct {
	Reference string `json:"reference"`
	Digest    string `json:"digest"`
}

// Used is the action of an image that is taken as it is. Nothing is built, so
// that no Job has it; a build holds such images so that it has all of a flow.
const Used Action = "use"

// Local reports whether the image is in a builder's own store and in no
// registry.
func (im RecordImage) Local() bool {
	return im.Digest == "" || strings.HasPrefix(im.Digest, localDigest)
}

// StoreID is the id of a local image in the builder's store; empty where it is
// not known.
func (im RecordImage) StoreID() string {
	if id, ok := strings.CutPrefix(im.Digest, localDigest); ok {
		return id
	}
	return im.LocalID
}

// Pinned is the image's reference by digest, of one that is in a registry.
func (im RecordImage) Pinned() string {
	repository := im.Reference
	if i := strings.LastIndex(repository, "@"); i >= 0 {
		repository = repository[:i]
	}
	if i := strings.LastIndex(repository, ":"); i > strings.LastIndex(repository, "/") {
		repository = repository[:i]
	}
	return repository + "@" + im.Digest
}

// localDigest begins the digest of a base image that only a builder's store has.
const localDigest = "local:"

// Image is the image of a step, or nil.
func (r Record) Image(step string) *RecordImage {
	for i, im := range r.Images {
		if slices.Contains(im.Steps, step) {
			return &r.Images[i]
		}
	}
	return nil
}

// Steps is every step that has an image, in the order of the images.
func (r Record) Steps() []string {
	var out []string
	for _, im := range r.Images {
		out = append(out, im.Steps...)
	}
	return out
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
