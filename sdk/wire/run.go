package wire

import (
	"github.com/stackrun/stack/sdk"
	pb "github.com/stackrun/stack/sdk/proto/orchestrator/v1"
)

func toSubmission(s sdk.Submission) *pb.SubmitResponse {
	return &pb.SubmitResponse{Handle: s.Handle, Url: s.URL, AlreadyExisted: s.AlreadyExisted}
}

func fromSubmission(s *pb.SubmitResponse) sdk.Submission {
	return sdk.Submission{Handle: some(s.GetHandle()), URL: s.GetUrl(), AlreadyExisted: s.GetAlreadyExisted()}
}

func toWatchRequest(r sdk.WatchRequest) *pb.WatchRequest {
	return &pb.WatchRequest{RunId: r.RunID, Handle: r.Handle, SnapshotOnly: r.SnapshotOnly}
}

func fromWatchRequest(r *pb.WatchRequest) sdk.WatchRequest {
	return sdk.WatchRequest{RunID: r.GetRunId(), Handle: some(r.GetHandle()), SnapshotOnly: r.GetSnapshotOnly()}
}

func toEvent(e sdk.Event) *pb.Event {
	out := &pb.Event{
		Kind:    string(e.Kind),
		Step:    e.Step,
		Attempt: int64(e.Attempt),
		State:   string(e.State),
		Reason:  string(e.Reason),
		Native:  text(e.Native),
		Message: text(e.Message),
		Time:    toTime(e.Time),
	}
	if e.Exit != nil {
		exit := int64(*e.Exit)
		out.Exit = &exit
	}
	return out
}

func fromEvent(e *pb.Event) sdk.Event {
	out := sdk.Event{
		Kind:    sdk.EventKind(e.GetKind()),
		Step:    e.GetStep(),
		Attempt: int(e.GetAttempt()),
		State:   sdk.State(e.GetState()),
		Reason:  sdk.Reason(e.GetReason()),
		Native:  e.GetNative(),
		Message: e.GetMessage(),
		Time:    fromTime(e.GetTime()),
	}
	if e != nil && e.Exit != nil {
		exit := int(e.GetExit())
		out.Exit = &exit
	}
	return out
}

func toLogsRequest(r sdk.LogsRequest) *pb.LogsRequest {
	return &pb.LogsRequest{
		RunId:   r.RunID,
		Handle:  r.Handle,
		Step:    r.Step,
		Attempt: int64(r.Attempt),
		Follow:  r.Follow,
		Tail:    int64(r.Tail),
		Resume:  r.Resume,
	}
}

func fromLogsRequest(r *pb.LogsRequest) sdk.LogsRequest {
	return sdk.LogsRequest{
		RunID:   r.GetRunId(),
		Handle:  some(r.GetHandle()),
		Step:    r.GetStep(),
		Attempt: int(r.GetAttempt()),
		Follow:  r.GetFollow(),
		Tail:    int(r.GetTail()),
		Resume:  some(r.GetResume()),
	}
}

func toLogChunk(c sdk.LogChunk) *pb.LogsResponse {
	return &pb.LogsResponse{
		Step:    c.Step,
		Attempt: int64(c.Attempt),
		Node:    int64(c.Node),
		Time:    toTime(c.Time),
		Stderr:  c.Stderr,
		Data:    c.Data,
		Resume:  c.Resume,
		Gap:     text(c.Gap),
	}
}

func fromLogChunk(c *pb.LogsResponse) sdk.LogChunk {
	return sdk.LogChunk{
		Step:    c.GetStep(),
		Attempt: int(c.GetAttempt()),
		Node:    int(c.GetNode()),
		Time:    fromTime(c.GetTime()),
		Stderr:  c.GetStderr(),
		Data:    some(c.GetData()),
		Resume:  some(c.GetResume()),
		Gap:     c.GetGap(),
	}
}

func toCancelRequest(r sdk.CancelRequest) *pb.CancelRequest {
	return &pb.CancelRequest{RunId: r.RunID, Handle: r.Handle, Steps: r.Steps, Grace: toDuration(r.Grace)}
}

func fromCancelRequest(r *pb.CancelRequest) sdk.CancelRequest {
	return sdk.CancelRequest{RunID: r.GetRunId(), Handle: some(r.GetHandle()), Steps: r.GetSteps(), Grace: fromDuration(r.GetGrace())}
}

func toListRequest(r sdk.ListRequest) *pb.ListRequest {
	return &pb.ListRequest{Labels: r.Labels, Since: toTime(r.Since), PageSize: int64(r.PageSize), Page: r.Page}
}

func fromListRequest(r *pb.ListRequest) sdk.ListRequest {
	return sdk.ListRequest{Labels: r.GetLabels(), Since: fromTime(r.GetSince()), PageSize: int(r.GetPageSize()), Page: r.GetPage()}
}

func toRunSummary(r sdk.RunSummary) *pb.RunSummary {
	return &pb.RunSummary{
		RunId:   r.RunID,
		Handle:  r.Handle,
		Flow:    r.Flow,
		Labels:  r.Labels,
		State:   string(r.State),
		Reason:  string(r.Reason),
		Created: toTime(r.Created),
		Url:     r.URL,
	}
}

func fromRunSummary(r *pb.RunSummary) sdk.RunSummary {
	return sdk.RunSummary{
		RunID:   r.GetRunId(),
		Handle:  some(r.GetHandle()),
		Flow:    r.GetFlow(),
		Labels:  r.GetLabels(),
		State:   sdk.State(r.GetState()),
		Reason:  sdk.Reason(r.GetReason()),
		Created: fromTime(r.GetCreated()),
		URL:     r.GetUrl(),
	}
}
