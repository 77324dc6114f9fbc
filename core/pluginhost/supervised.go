package pluginhost

import (
	"context"

	"github.com/stackrun/stack/sdk"
)

func (s *Supervised) Handshake(ctx context.Context, host sdk.Host) (info sdk.Info, err error) {
	err = s.call(ctx, func(o sdk.Orchestrator) error {
		info, err = o.Handshake(ctx, host)
		return err
	})
	return info, err
}

func (s *Supervised) Schema(ctx context.Context) (schema sdk.Schema, err error) {
	err = s.call(ctx, func(o sdk.Orchestrator) error {
		schema, err = o.Schema(ctx)
		return err
	})
	return schema, err
}

func (s *Supervised) Validate(ctx context.Context, stack sdk.Config, steps map[string]sdk.Config) (diags []sdk.Diagnostic, err error) {
	err = s.call(ctx, func(o sdk.Orchestrator) error {
		diags, err = o.Validate(ctx, stack, steps)
		return err
	})
	return diags, err
}

// Configure is remembered: a process that takes the place of a crashed one is
// configured in the same way before anything else is asked of it.
func (s *Supervised) Configure(ctx context.Context, c sdk.Configuration) (identity sdk.Identity, diags []sdk.Diagnostic, err error) {
	err = s.call(ctx, func(o sdk.Orchestrator) error {
		identity, diags, err = o.Configure(ctx, c)
		return err
	})
	if err == nil {
		s.mu.Lock()
		s.configured = &c
		s.mu.Unlock()
	}
	return identity, diags, err
}

func (s *Supervised) Plan(ctx context.Context, w sdk.Workflow, online bool) (plan sdk.Plan, diags []sdk.Diagnostic, err error) {
	err = s.call(ctx, func(o sdk.Orchestrator) error {
		plan, diags, err = o.Plan(ctx, w, online)
		return err
	})
	return plan, diags, err
}

// Submit is made again only when the platform does not know the run: a plugin
// that crashed after the platform had accepted it must not start it twice.
func (s *Supervised) Submit(ctx context.Context, w sdk.Workflow, private []byte) (submission sdk.Submission, err error) {
	again := false
	err = s.call(ctx, func(o sdk.Orchestrator) error {
		if again {
			found, ok, err := findRun(ctx, o, w.RunID)
			if err != nil || ok {
				submission = found
				return err
			}
		}
		again = true
		submission, err = o.Submit(ctx, w, private)
		return err
	})
	return submission, err
}

// findRun looks for a run among all that the platform knows.
func findRun(ctx context.Context, o sdk.Orchestrator, id string) (sdk.Submission, bool, error) {
	request := sdk.ListRequest{}
	for {
		runs, next, err := o.List(ctx, request)
		if err != nil {
			return sdk.Submission{}, false, err
		}
		for _, run := range runs {
			if run.RunID == id {
				return sdk.Submission{Handle: run.Handle, URL: run.URL, AlreadyExisted: true}, true, nil
			}
		}
		if next == "" {
			return sdk.Submission{}, false, nil
		}
		request.Page = next
	}
}

// Watch goes on after a crash with a new snapshot; its events may have come
// before, which changes nothing, and the end of the snapshot is told once.
func (s *Supervised) Watch(ctx context.Context, req sdk.WatchRequest, yield func(sdk.Event) error) error {
	snapshot := false
	return s.call(ctx, func(o sdk.Orchestrator) error {
		return o.Watch(ctx, req, func(e sdk.Event) error {
			if e.Kind == sdk.EventSnapshotDone {
				if snapshot {
					return nil
				}
				snapshot = true
			}
			return yield(e)
		})
	})
}

// Logs goes on after a crash behind the last chunk that was taken. Where a
// plugin gives no tokens to resume from, the crash is the end.
func (s *Supervised) Logs(ctx context.Context, req sdk.LogsRequest, yield func(sdk.LogChunk) error) error {
	began := false
	var last error
	return s.call(ctx, func(o sdk.Orchestrator) error {
		if began && len(req.Resume) == 0 {
			return final{last}
		}
		last = o.Logs(ctx, req, func(c sdk.LogChunk) error {
			if err := yield(c); err != nil {
				return err
			}
			began, req.Resume, req.Tail = true, c.Resume, 0
			return nil
		})
		return last
	})
}

func (s *Supervised) Cancel(ctx context.Context, req sdk.CancelRequest) (done bool, err error) {
	err = s.call(ctx, func(o sdk.Orchestrator) error {
		done, err = o.Cancel(ctx, req)
		return err
	})
	return done, err
}

func (s *Supervised) List(ctx context.Context, req sdk.ListRequest) (runs []sdk.RunSummary, next string, err error) {
	err = s.call(ctx, func(o sdk.Orchestrator) error {
		runs, next, err = o.List(ctx, req)
		return err
	})
	return runs, next, err
}
