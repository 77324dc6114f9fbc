package diag

import (
	"fmt"
	"strings"
)

// Few is the first of many things in words, and how many more there are.
func Few(items []string) string {
	const most = 5
	if len(items) <= most {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), len(items)-most)
}
