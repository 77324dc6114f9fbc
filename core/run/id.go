package run

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/stackrun/stack/core/diag"
)

// idPattern is what every platform takes as part of a name and as a label.
var idPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`) })

// NewID makes the id of a run of flow: its name, the time to the second (so
// that ids sort by age), and 20 random bits. It is at most 63 characters of
// [a-z0-9-].
func NewID(flow string, now time.Time) string {
	name := strings.Trim(strings.ReplaceAll(flow, "_", "-"), "-")
	if len(name) > 40 {
		name = strings.TrimRight(name[:40], "-")
	}
	var random [3]byte
	if _, err := rand.Read(random[:]); err != nil {
		panic(err) // crypto/rand never fails on a supported system
	}
	tail := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(random[:]))[:4]
	return fmt.Sprintf("%s-%s-%s", name, now.UTC().Format("0102-150405"), tail)
}

// CheckID refuses an id that a platform or file system could not take.
func CheckID(id string) error {
	if !idPattern().MatchString(id) || strings.HasSuffix(id, "-") {
		return diag.List{diag.New(diag.BadName, "run id %q is not allowed", id).
			Because("A run id is [a-z][a-z0-9-]{0,62} and does not end in \"-\".")}
	}
	return nil
}
