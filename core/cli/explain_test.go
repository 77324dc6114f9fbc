package cli

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/core/settings"
)

// What was taken away says so in text, and is null in JSON.
func TestExplainWhatIsRemoved(t *testing.T) {
	was := &settings.Value{Kind: settings.Scalar, Text: "app", Type: settings.String, Layer: settings.Flow, Range: diag.Range{File: "flow.yaml", Line: 3, Column: 9}}
	null := &settings.Value{Kind: settings.Null, Layer: settings.Step, Range: diag.Range{File: "flow.yaml", Line: 7, Column: 12}, Overrode: []*settings.Value{was}}
	e := explain("image.user", plan.Explained{Value: null, Removed: true})
	var out bytes.Buffer
	a := &app{Program: Program{Stdout: &out}}
	a.printExplanation(e)
	if diff := cmp.Diff("image.user = null\n  removed by step, flow.yaml:7:12\n  over \"app\" from flow, flow.yaml:3:9\n", out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	data, err := json.Marshal(e)
	want := `{"path":"image.user","value":null,"origin":{"layer":"step","file":"flow.yaml","line":7,"column":12},"overridden":[{"value":"app","origin":{"layer":"flow","file":"flow.yaml","line":3,"column":9}}]}`
	if err != nil || string(data) != want {
		t.Errorf("%s (%v), want %s", data, err, want)
	}
}
