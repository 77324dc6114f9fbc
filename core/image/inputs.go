package image

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"strings"
)

// Inputs is what went into a key, by name: the setting, or "source". A value
// is for Reasons and Labels; it has the digest of the input, and where it is
// not too much, what people know it by: requirements, packages, paths. Values
// of environment variables and arguments are in it as digests only.
type Inputs map[string]string

// labelPrefix is before the names of inputs in labels.
const labelPrefix = "dev.stackrun.input."

// KeyLabel is the label that holds an image's key.
const KeyLabel = "dev.stackrun.key"

const (
	packAbove = 1 << 10  // bytes of a value from which labels hold it compressed
	dropAbove = 48 << 10 // bytes of a compressed value that labels do not hold
)

// input is the value of Inputs for p: a letter for the kind, the digest of the
// encoding, and the lines.
func (p part) input() string {
	sum := sha256.Sum256(p.encoding)
	return string(rune(p.kind)) + hex.EncodeToString(sum[:16]) + "\n" + strings.Join(p.lines, "\n")
}

// Labels is the inputs as labels of an image. What is too large for a label is
// there by its digest alone.
func (in Inputs) Labels() map[string]string {
	labels := make(map[string]string, len(in))
	for name, value := range in {
		labels[labelPrefix+name] = pack(value)
	}
	return labels
}

// InputsFromLabels reads what Labels wrote. Other labels are left out, and so
// is what is damaged: then a reason is less exact.
func InputsFromLabels(labels map[string]string) Inputs {
	in := Inputs{}
	for name, value := range labels {
		name, ours := strings.CutPrefix(name, labelPrefix)
		if !ours {
			continue
		}
		if text, ok := unpack(value); ok {
			in[name] = text
		}
	}
	return in
}

const packedMark = "z:"

func pack(value string) string {
	if len(value) <= packAbove {
		return value
	}
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, err := io.WriteString(z, value)
	if closed := z.Close(); err != nil || closed != nil {
		return digestOnly(value) // a buffer takes all; said for completeness
	}
	if b.Len() > dropAbove*3/4 {
		return digestOnly(value)
	}
	return packedMark + base64.StdEncoding.EncodeToString(b.Bytes())
}

func digestOnly(value string) string {
	first, _, _ := strings.Cut(value, "\n")
	return first
}

func unpack(label string) (string, bool) {
	packed, isPacked := strings.CutPrefix(label, packedMark)
	if !isPacked {
		return label, true
	}
	data, err := base64.StdEncoding.DecodeString(packed)
	if err != nil {
		return "", false
	}
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return "", false
	}
	const most = 64 << 20 // of a label that somebody made to fill memory
	text, err := io.ReadAll(io.LimitReader(z, most))
	if err != nil || len(text) == most {
		return "", false
	}
	return string(text), true
}
