package settings_test

import (
	"reflect"
	"sync"
	"testing"

	"github.com/stackrun/stack/core/settings"
)

// One Types serves goroutines that merge and decode at the same time, and what
// comes out is what the package's functions give.
func TestTypesAreShared(t *testing.T) {
	upper := read(t, "image: {apt: {append: [b]}, environment: {A: 1.10}}", settings.Step)
	lower := read(t, "image: {apt: [a], user: u}", settings.Flow)
	want, _ := settings.Merge(reflect.TypeFor[layered](), upper, lower)
	types := settings.NewTypes()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			merged, list := types.Merge(reflect.TypeFor[layered](), upper, lower)
			var into layered
			list = append(list, types.Decode(merged, &into)...)
			if len(list) > 0 || merged.PlainText() != want.PlainText() || into.Image.User != "u" || len(into.Image.Apt) != 2 {
				t.Errorf("%s %+v %s", merged.PlainText(), into, shown(list))
			}
		})
	}
	group.Wait()
}

func BenchmarkMergeAndDecode(b *testing.B) {
	upper := read(b, "image: {requirements: {append: [b]}, environment: {A: 1.10}}", settings.Step)
	lower := read(b, "image: {requirements: [a], user: u}\ntimeout: 2h", settings.Flow)
	types := settings.NewTypes()
	b.ReportAllocs()
	for b.Loop() {
		merged, _ := types.Merge(reflect.TypeFor[layered](), upper, lower)
		var into layered
		types.Decode(merged, &into)
	}
}
