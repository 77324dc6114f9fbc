package docs_test

import (
	"encoding/json"
	"fmt"
	"go/format"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/core/lockfile"
	"github.com/stackrun/stack/core/requirement"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/core/stackfile"
)

// TestBlocks reads each fenced block as what it says it is.
func TestBlocks(t *testing.T) {
	read := map[string]int{}
	for _, p := range pages(t) {
		for _, b := range p.blocks(t) {
			kind := b.language
			if kind == "yaml" && strings.HasPrefix(b.text, "version: 1\n") {
				kind = "flow"
			}
			read[kind]++
			if err := b.check(kind); err != nil {
				t.Errorf("%s:%d: %v", b.page, b.line, err)
			}
		}
	}
	for kind, least := range map[string]int{"flow": 7, "yaml": 1, "hcl": 4, "json": 1, "go": 2} {
		if read[kind] < least {
			t.Errorf("only %d blocks of kind %s were found, of %d at least", read[kind], kind, least)
		}
	}
}

func (b block) check(kind string) error {
	switch kind {
	case "flow":
		f, list := flow.Parse("flow.yaml", []byte(b.text))
		if list.HasErrors() {
			return shown(list, b.text)
		}
		_, list = flow.Expand(f, nil)
		return shown(list, b.text)
	case "yaml":
		var any any
		return yaml.Unmarshal([]byte(b.text), &any)
	case "hcl":
		if strings.HasPrefix(b.text, "base_image ") {
			_, list := lockfile.Parse(lockfile.FileName, []byte(b.text))
			return shown(list, b.text)
		}
		file, list := stackfile.Parse("stacks.hcl", "/", []byte(b.text), nil, func(string) (string, bool) { return "", false })
		if list.HasErrors() {
			return shown(list, b.text)
		}
		_, list = file.ListStacks()
		return shown(list, b.text)
	case "json":
		var any any
		return json.Unmarshal([]byte(b.text), &any)
	case "go":
		_, err := format.Source([]byte(b.text)) // programs are built by another test
		return err
	case "toml":
		_, list := settings.ParseTOML("pyproject.toml", []byte(b.text))
		return shown(list, b.text)
	case "python":
		if !strings.Contains(b.text, "# /// script") {
			return nil // what others write
		}
		_, err := requirement.ParseScript([]byte(b.text))
		return err
	case "", "bash", "text":
		return nil // command lines are looked at by another test
	}
	return fmt.Errorf("the kind of block %q is not known", kind)
}

// shown is what is wrong, as a person sees it; nil if nothing is.
func shown(list diag.List, text string) error {
	if !list.HasErrors() {
		return nil
	}
	var out strings.Builder
	diag.Printer{W: &out, ReadFile: func(string) ([]byte, error) { return []byte(text), nil }}.Print(list)
	return fmt.Errorf("%s", out.String())
}
