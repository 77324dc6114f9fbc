package driver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stackrun/stack/sdk"
)

const pageSize = 200

// List finds the runs of the state folder, newest first.
func (d *Driver) List(ctx context.Context, req sdk.ListRequest) ([]sdk.RunSummary, string, error) {
	if err := d.Recover(); err != nil {
		return nil, "", err
	}
	entries, err := os.ReadDir(d.options.StateDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("list runs: %w", err)
	}
	var found []sdk.RunSummary
	for _, entry := range entries {
		if err := ctx.Err(); err != nil {
			return nil, "", err
		}
		if checkRunID(entry.Name()) != nil || !entry.IsDir() {
			continue
		}
		summary, ok, err := d.summary(entry.Name())
		if err != nil {
			return nil, "", err
		}
		if ok && matches(summary, req) {
			found = append(found, summary)
		}
	}
	slices.SortFunc(found, func(a, b sdk.RunSummary) int {
		if c := b.Created.Compare(a.Created); c != 0 {
			return c
		}
		return strings.Compare(b.RunID, a.RunID)
	})
	if req.Page != "" { // what comes after the last of the page before
		found = found[slices.IndexFunc(append(found, sdk.RunSummary{}), func(s sdk.RunSummary) bool {
			key := pageKey(s)
			return s.RunID == "" || key < req.Page
		}):]
	}
	size := req.PageSize
	if size <= 0 {
		size = pageSize
	}
	if len(found) <= size {
		return found, "", nil
	}
	return found[:size], pageKey(found[size-1]), nil
}

// pageKey orders runs as List does, and lasts when runs come and go.
func pageKey(s sdk.RunSummary) string {
	return s.Created.UTC().Format("20060102T150405.000000000") + " " + s.RunID
}

func matches(s sdk.RunSummary, req sdk.ListRequest) bool {
	for name, value := range req.Labels {
		if have, ok := s.Labels[name]; !ok || have != value {
			return false
		}
	}
	return req.Since.IsZero() || !s.Created.Before(req.Since)
}

// summary reads a run; ok is false where a folder holds none.
func (d *Driver) summary(runID string) (s sdk.RunSummary, ok bool, err error) {
	if r := d.running(runID); r != nil {
		events, _ := r.hub.since(0)
		return summarise(r.header, events), true, nil
	}
	reader := journalReader{path: filepath.Join(d.runDir(runID), "journal.jsonl")}
	events, err := reader.next()
	if reader.header == nil {
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return s, false, nil
		}
		return s, false, fmt.Errorf("list runs: %w", err)
	}
	if err != nil { // what there is says enough
		events = append(events, sdk.Event{Kind: sdk.EventRun, State: sdk.StateFailed, Message: err.Error(), Time: time.Now()})
	}
	return summarise(*reader.header, events), true, nil
}

func summarise(h header, events []sdk.Event) sdk.RunSummary {
	s := sdk.RunSummary{RunID: h.RunID, Handle: sdk.Handle(h.RunID), Flow: h.Flow, Labels: h.Labels, State: sdk.StatePending, Created: h.Created}
	for _, e := range events {
		if e.Kind == sdk.EventRun {
			s.State, s.Reason = e.State, e.Reason
		}
	}
	return s
}
