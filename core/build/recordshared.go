package build

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/stackrun/stack/core/image"
)

// Latest is what each step of a flow used last on a stack, by this machine's
// records.
func (s Records) Latest(flow, stack string) map[string]image.Inputs { return s.latest(flow, stack) }

// NoteShared notes what this machine told the team that the steps use.
func (s Records) NoteShared(flow, stack string, steps map[string]image.Inputs) error {
	noted := s.shared(flow, stack)
	for step, in := range steps {
		noted[step] = identity(in)
	}
	if err := writeJSON(s.sharedPath(flow, stack), noted); err != nil {
		return diskError("note the shared images of flow "+flow, err)
	}
	return nil
}

// Shared reports whether the team was told of what one of the steps used last
// here: whatever the team's registry says now came after it.
func (s Records) Shared(flow, stack string, steps []string) bool {
	latest, noted := s.latest(flow, stack), s.shared(flow, stack)
	for _, step := range steps {
		if in := latest[step]; in != nil {
			return noted[step] == identity(in)
		}
	}
	return false
}

// shared reads a note of shared images; a damaged one is as good as none.
func (s Records) shared(flow, stack string) map[string]string {
	noted := map[string]string{}
	data, err := os.ReadFile(s.sharedPath(flow, stack))
	if err != nil || json.Unmarshal(data, &noted) != nil || noted == nil {
		return map[string]string{}
	}
	return noted
}

func (s Records) sharedPath(flow, stack string) string {
	return filepath.Join(s.Dir, "shared", flow+"@"+stack+".json")
}

// identity tells two sets of inputs apart.
func identity(in image.Inputs) string {
	data, err := json.Marshal(in) // sorted by name
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}
