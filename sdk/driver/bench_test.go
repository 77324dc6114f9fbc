package driver

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stackrun/stack/sdk"
)

// BenchmarkThousandSteps is what the driver itself costs: a chain of ten
// layers of a hundred steps that do nothing.
func BenchmarkThousandSteps(b *testing.B) {
	var steps []sdk.Step
	for layer := range 10 {
		for i := range 100 {
			s := step(fmt.Sprintf("s%d-%d", layer, i), do("ok"))
			if layer > 0 {
				s.Needs = []string{fmt.Sprintf("s%d-%d", layer-1, i)}
			}
			steps = append(steps, s)
		}
	}
	for b.Loop() {
		dir := b.TempDir()
		d := New(newFake(), Options{StateDir: filepath.Join(dir, "state"), Store: filepath.Join(dir, "store")})
		if _, err := d.Submit(context.Background(), flow(steps...)); err != nil {
			b.Fatal(err)
		}
		if err := d.Watch(context.Background(), sdk.WatchRequest{RunID: "run-1"}, func(sdk.Event) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
