package serve

import (
	"testing"
	"time"

	"google.golang.org/grpc/stats"
)

func TestWatchdog(t *testing.T) {
	const soon, never = 20 * time.Millisecond, time.Hour
	begin, end := &stats.ConnBegin{}, &stats.ConnEnd{}
	for _, tc := range []struct {
		name         string
		grace, first time.Duration
		happens      []stats.ConnStats
		dies         bool
	}{
		{"nobody ever connects", never, soon, nil, true},
		{"the only connection ends", soon, never, []stats.ConnStats{begin, end}, true},
		{"a connection stays", soon, soon, []stats.ConnStats{begin}, false},
		{"one of two ends", soon, soon, []stats.ConnStats{begin, begin, end}, false},
		{"another comes in time", soon, soon, []stats.ConnStats{begin, end, begin}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dead := make(chan struct{})
			w := newWatchdog(tc.grace, tc.first, func() { close(dead) })
			for _, s := range tc.happens {
				w.HandleConn(t.Context(), s)
			}
			patience := 10 * soon
			if tc.dies {
				patience = 10 * time.Second
			}
			select {
			case <-dead:
				if !tc.dies {
					t.Error("the host counts as dead")
				}
			case <-time.After(patience):
				if tc.dies {
					t.Error("nothing was noticed")
				}
			}
		})
	}
}
