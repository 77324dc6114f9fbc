package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// page is a Markdown file of the repository.
type page struct {
	name string // from the root of the repository
	text string
}

// block is a fenced block of a page.
type block struct {
	page     string
	line     int // of its first line
	language string
	text     string
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// pages is every page that people read first.
func pages(t *testing.T) []page {
	t.Helper()
	names := []string{"README.md", "CONTRIBUTING.md"}
	found, err := filepath.Glob(filepath.Join(root(t), "docs", "*.md"))
	if err != nil || len(found) < 8 {
		t.Fatalf("found %d pages in docs: %v", len(found), err)
	}
	for _, path := range found {
		names = append(names, filepath.Join("docs", filepath.Base(path)))
	}
	var out []page
	for _, name := range names {
		out = append(out, read(t, name))
	}
	return out
}

func read(t *testing.T, name string) page {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return page{name, string(text)}
}

// blocks is the page's fenced blocks.
func (p page) blocks(t *testing.T) []block {
	t.Helper()
	var out []block
	var open *block
	for i, line := range strings.Split(p.text, "\n") {
		language, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && open == nil:
			open = &block{page: p.name, line: i + 2, language: language}
		case fence:
			out = append(out, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	if open != nil {
		t.Fatalf("%s:%d: the block has no end", p.name, open.line-1)
	}
	return out
}

// prose is the page without its fenced blocks, with its lines where they are.
func (p page) prose() string {
	inside := false
	lines := strings.Split(p.text, "\n")
	for i, line := range lines {
		fence := strings.HasPrefix(line, "```")
		if fence || inside {
			lines[i] = ""
		}
		inside = inside != fence
	}
	return strings.Join(lines, "\n")
}

// section is the part of the page under a heading, up to the next one of its
// level or above.
func (p page) section(t *testing.T, heading string) string {
	t.Helper()
	level, _, _ := strings.Cut(heading, " ")
	_, rest, found := strings.Cut(p.text, "\n"+heading+"\n")
	if !found {
		t.Fatalf("%s has no heading %q", p.name, heading)
	}
	if end := regexp.MustCompile(`(?m)^#{1,` + string(rune('0'+len(level))) + `} `).FindStringIndex(rest); end != nil {
		rest = rest[:end[0]]
	}
	return rest
}

var inCode = regexp.MustCompile("`([^`\n]+)`")

// firstCells is what stands in code in the first cell of each row of the
// tables in text.
func firstCells(text string) []string {
	var out []string
	for _, line := range strings.Split(text, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		for _, m := range inCode.FindAllStringSubmatch(cells[1], -1) {
			out = append(out, m[1])
		}
	}
	return out
}
