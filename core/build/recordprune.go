package build

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// Keep says which records stay.
type Keep struct {
	Newest    int           // of each flow and stack; the latest always stays
	OlderThan time.Duration // younger ones stay
	Now       time.Time
	// Used gives why a build is still needed, or "".
	Used func(id string) string
}

// Kept is a record that could go and stays, and why.
type Kept struct {
	Record Record
	Why    string
}

// Prunable parts records, newest first, into those that may go and those that
// would but for something that still needs them. What stays by its number or
// age is in neither.
func Prunable(records []Record, k Keep) (gone []Record, kept []Kept) {
	seen := map[[2]string]int{}
	for _, r := range records {
		of := [2]string{r.Flow, r.Stack}
		seen[of]++
		if seen[of] <= max(k.Newest, 1) || k.Now.Sub(r.Created) <= k.OlderThan {
			continue
		}
		if k.Used != nil {
			if why := k.Used(r.ID); why != "" {
				kept = append(kept, Kept{r, why})
				continue
			}
		}
		gone = append(gone, r)
	}
	return gone, kept
}

// Remove removes a record. One that is gone already is fine: another process
// may prune too.
func (s Records) Remove(id string) error {
	if !idPattern().MatchString(id) {
		return s.unknown(id)
	}
	if err := os.Remove(s.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return diskError("remove record of build "+id, err)
	}
	return nil
}

// IDs is the ids of all records, without reading them.
func (s Records) IDs() []string { return s.ids() }
