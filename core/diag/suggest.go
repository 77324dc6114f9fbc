package diag

import (
	"fmt"
	"strings"

	"github.com/agext/levenshtein"
)

// DidYouMean is `did you mean "x"?` for the candidate nearest to word, or
// empty when none is near enough to be what was meant.
func DidYouMean(word string, candidates []string) string {
	if near := Nearest(word, candidates); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return ""
}

// Nearest is the candidate that word is most likely a slip of, or empty. Case
// and the difference between "-" and "_" do not count; else one edit in three
// characters is allowed, and one in a word of two. Two neighbours that changed
// places are one edit. Where none is near, it is the only candidate that begins as
// word does, but for an edit, if word has four characters.
func Nearest(word string, candidates []string) string {
	fold := strings.NewReplacer("-", "_")
	key := fold.Replace(strings.ToLower(word))
	if len(key) < 2 {
		return ""
	}
	best, distance := "", max(1, len(key)/3)+1
	for _, c := range candidates {
		folded := fold.Replace(strings.ToLower(c))
		d := levenshtein.Distance(key, folded, nil)
		if exchanged(key, folded) {
			d = 1
		}
		if d < distance {
			best, distance = c, d
		}
	}
	if best == "" && len(key) >= 4 {
		return onlyBeginning(key, fold, candidates)
	}
	return best
}

// onlyBeginning is the one candidate whose beginning is key, but for an edit; of
// base_image and base_image_repo it is the former.
func onlyBeginning(key string, fold *strings.Replacer, candidates []string) string {
	found := ""
	for _, c := range candidates {
		folded := fold.Replace(strings.ToLower(c))
		near := false
		for _, n := range []int{len(key) - 1, len(key), len(key) + 1} {
			near = near || n < len(folded) && levenshtein.Distance(key, folded[:n], nil) <= 1
		}
		switch {
		case !near, found != "" && strings.HasPrefix(c, found):
		case found == "", strings.HasPrefix(found, c):
			found = c
		default:
			return ""
		}
	}
	return found
}

// exchanged reports whether two neighbouring characters are all that differs.
func exchanged(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
