package house_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stackrun/stack/core/flow"
)

// TestFlowSchema keeps docs/flow.schema.json, which the examples name for
// editors, the same as what `stack schema flow` prints.
func TestFlowSchema(t *testing.T) {
	var want bytes.Buffer
	e := json.NewEncoder(&want)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(flow.Schema()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root(t), "docs", "flow.schema.json")
	if *update {
		if err := os.WriteFile(path, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want.Bytes()) {
		t.Errorf("%s is stale: run `make generate`", path)
	}
}
