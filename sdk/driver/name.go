package driver

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"github.com/stackrun/stack/sdk"
)

// longestName leaves room for prefixes and suffixes in names of 63 characters.
const longestName = 40

// SafeName is a step's name for files, containers and labels: the name itself
// where it is plain, else a readable form with a part of its hash, so that
// different steps never share one.
func SafeName(step string) string {
	var b strings.Builder
	for _, r := range step {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-', r == '.' && b.Len() > 0:
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	name := b.String()
	if name == step && len(name) <= longestName && name != "" {
		return name
	}
	sum := sha256.Sum256([]byte(step))
	if len(name) > longestName-9 {
		name = name[:longestName-9]
	}
	return strings.TrimRight(name, "-.") + "-" + hex.EncodeToString(sum[:4])
}

var runIDPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// checkRunID keeps what is not a run id from becoming a path.
func checkRunID(id string) error {
	if !runIDPattern.MatchString(id) {
		return &sdk.Error{Origin: sdk.OriginUser, NotFound: true, Message: fmt.Sprintf("%q is not a run id", id)}
	}
	return nil
}
