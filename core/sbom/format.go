package sbom

import (
	"crypto/sha256"
	"fmt"
	"time"
)

// Format is a kind of document.
type Format string

// The formats, as people name them.
const (
	SPDX      Format = "spdx"      // SPDX 2.3, JSON
	CycloneDX Format = "cyclonedx" // CycloneDX 1.6, JSON
)

// Formats is all of them.
func Formats() []string { return []string{string(SPDX), string(CycloneDX)} }

// MediaType is the registered media type of the format's documents.
func (f Format) MediaType() string {
	if f == CycloneDX {
		return "application/vnd.cyclonedx+json"
	}
	return "application/spdx+json"
}

// Subject is the image that a document is about.
type Subject struct {
	Repository string // such as reg.corp/ml/churn
	Digest     string // sha256:… of its manifest
	Platform   string // such as linux/amd64
	Created    time.Time
}

// Document is the inventory of an image as a document.
func Document(f Format, s Subject, inventory Inventory) ([]byte, error) {
	switch f {
	case SPDX:
		return spdxDocument(s, inventory)
	case CycloneDX:
		return cyclonedxDocument(s, inventory)
	}
	return nil, fmt.Errorf("%q is not a format of documents", f)
}

// created is the time of a document. An image without a time has that of the
// epoch, as reproducible builds have.
func (s Subject) created() string {
	if s.Created.IsZero() {
		return time.Unix(0, 0).UTC().Format(time.RFC3339)
	}
	return s.Created.UTC().Truncate(time.Second).Format(time.RFC3339)
}

// uuid is the identity of a document: a UUID of version 8 (RFC 9562, section
// 5.8), made from what the document is about.
func (s Subject) uuid(f Format) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "stack sbom\x00%s\x00%s\x00%s", f, s.Repository, s.Digest))
	sum[6] = sum[6]&0x0f | 0x80
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
