package engine_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/engine"
	"github.com/stackrun/stack/sdk"
)

// TestFollowTellsThingsInOrder has the logs be ahead of the changes, and then
// behind them.
func TestFollowTellsThingsInOrder(t *testing.T) {
	e, r := setUp(t)
	early, ended := make(chan struct{}), make(chan struct{})
	o := &scripted{
		scripts: []func(context.Context, func(sdk.Event) error) error{
			func(ctx context.Context, yield func(sdk.Event) error) error {
				<-early
				defer close(ended)
				return play(nil, runEvent(sdk.StateRunning), stepEvent(sdk.StateStarting), stepEvent(sdk.StateRunning),
					stepEvent(sdk.StateSucceeded), runEvent(sdk.StateSucceeded))(ctx, yield)
			},
		},
		logs: func(yield func(sdk.LogChunk) error) error {
			err := yield(sdk.LogChunk{Step: "train", Attempt: 1, Data: []byte("early\n")})
			close(early)
			<-ended
			if err == nil {
				err = yield(sdk.LogChunk{Step: "train", Attempt: 1, Data: []byte("late\n")})
			}
			return err
		},
	}
	var told []string
	end, err := e.Follow(context.Background(), o, r, engine.FollowOptions{Logs: true}, func(ev engine.Event) {
		told = append(told, string(ev.Type)+" "+ev.To+ev.Message)
	})
	if err != nil || end.State != sdk.StateSucceeded {
		t.Fatal(end.State, err)
	}
	want := []string{"run.status running", "step.status starting", "step.status running", "log early",
		"step.status succeeded", "log late", "run.status succeeded"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
}
