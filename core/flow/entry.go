package flow

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// longestEntry keeps entries within what every file system allows.
const longestEntry = 120

// entries gives every variant the name that its output has in the folder of an
// input: lr=0.1,depth=3. What a file system may not take, or may take for
// another's name, ends in a hash.
func entries(all []variant) {
	count := map[string]int{}
	for i := range all {
		words := make([]string, len(all[i].values))
		for k, v := range all[i].values {
			words[k] = v.Name + "=" + v.Text
		}
		all[i].entry = safe(strings.Join(words, ","))
		count[strings.ToLower(all[i].entry)]++
	}
	for i := range all {
		joined := all[i].name[strings.IndexByte(all[i].name, '[')+1 : len(all[i].name)-1]
		if all[i].entry != joined || count[strings.ToLower(all[i].entry)] > 1 || len(all[i].entry) > longestEntry {
			sum := sha256.Sum256([]byte(all[i].name))
			all[i].entry = all[i].entry[:min(len(all[i].entry), longestEntry-9)] + "-" + hex.EncodeToString(sum[:4])
		}
	}
}

// safe is text with only characters that are plain on every file system.
func safe(text string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.ContainsRune("._+-=,@", c):
			return c
		}
		return '_'
	}, text)
}
