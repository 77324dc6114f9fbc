package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	file    = regexp.MustCompile("`((?:core|sdk|plugins|imagebuilders|test|examples|docs|cmd)/[A-Za-z0-9_./-]+)`")
)

// anchor is a heading as GitHub names it in links.
func anchor(heading string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(heading) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r == '-' || r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > 127:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// TestLinks: relative links lead to files, and their anchors to headings; what
// is named as a file of this repository is one.
func TestLinks(t *testing.T) {
	links := 0
	for _, p := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(p.prose(), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			links++
			path, fragment, _ := strings.Cut(m[1], "#")
			to := p
			if path != "" {
				name := filepath.Join(filepath.Dir(p.name), path)
				if _, err := os.Stat(filepath.Join(root(t), name)); err != nil {
					t.Errorf("%s: the link %s leads nowhere: %v", p.name, m[1], err)
					continue
				}
				if fragment != "" {
					to = read(t, name)
				}
			}
			if fragment == "" {
				continue
			}
			found := false
			for _, h := range heading.FindAllStringSubmatch(to.prose(), -1) {
				found = found || anchor(h[1]) == fragment
			}
			if !found {
				t.Errorf("%s: the link %s: %s has no such heading", p.name, m[1], to.name)
			}
		}
		for _, m := range file.FindAllStringSubmatch(p.prose(), -1) {
			if _, err := os.Stat(filepath.Join(root(t), m[1])); err != nil {
				t.Errorf("%s names %s, which is not there", p.name, m[1])
			}
		}
	}
	if links < 20 {
		t.Errorf("only %d links were found", links)
	}
}
