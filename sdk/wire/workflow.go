package wire

import (
	"github.com/stackrun/stack/sdk"
	pb "github.com/stackrun/stack/sdk/proto/orchestrator/v1"
)

func toWorkflow(w sdk.Workflow) *pb.Workflow {
	return &pb.Workflow{
		Flow:       w.Flow,
		RunId:      w.RunID,
		Labels:     w.Labels,
		FailFast:   w.FailFast,
		Timeout:    toDuration(w.Timeout),
		SourceRoot: w.SourceRoot,
		Steps:      each(w.Steps, toStep),
	}
}

func fromWorkflow(w *pb.Workflow) sdk.Workflow {
	return sdk.Workflow{
		Flow:       w.GetFlow(),
		RunID:      w.GetRunId(),
		Labels:     w.GetLabels(),
		FailFast:   w.GetFailFast(),
		Timeout:    fromDuration(w.GetTimeout()),
		SourceRoot: w.GetSourceRoot(),
		Steps:      each(w.GetSteps(), fromStep),
	}
}

func toStep(s sdk.Step) *pb.Step {
	return &pb.Step{
		Name:             s.Name,
		Group:            s.Group,
		MaxParallel:      int64(s.MaxParallel),
		Needs:            s.Needs,
		When:             string(s.When),
		Image:            toImage(s.Image),
		Command:          each(s.Command, toBytes),
		Workdir:          s.Workdir,
		Environment:      each(s.Environment, toEnvVar),
		Secrets:          s.Secrets,
		Resources:        toResources(s.Resources),
		Nodes:            int64(s.Nodes),
		Retry:            &pb.Retry{Max: int64(s.Retry.Max), Backoff: toDuration(s.Retry.Backoff)},
		Timeout:          toDuration(s.Timeout),
		Inputs:           each(s.Inputs, toInput),
		Outputs:          each(s.Outputs, toOutput),
		OrchestratorJson: s.Orchestrator,
	}
}

func fromStep(s *pb.Step) sdk.Step {
	return sdk.Step{
		Name:         s.GetName(),
		Group:        s.GetGroup(),
		MaxParallel:  int(s.GetMaxParallel()),
		Needs:        s.GetNeeds(),
		When:         sdk.When(s.GetWhen()),
		Image:        fromImage(s.GetImage()),
		Command:      each(s.GetCommand(), fromBytes),
		Workdir:      s.GetWorkdir(),
		Environment:  each(s.GetEnvironment(), fromEnvVar),
		Secrets:      s.GetSecrets(),
		Resources:    fromResources(s.GetResources()),
		Nodes:        int(s.GetNodes()),
		Retry:        sdk.Retry{Max: int(s.GetRetry().GetMax()), Backoff: fromDuration(s.GetRetry().GetBackoff())},
		Timeout:      fromDuration(s.GetTimeout()),
		Inputs:       each(s.GetInputs(), fromInput),
		Outputs:      each(s.GetOutputs(), fromOutput),
		Orchestrator: some(s.GetOrchestratorJson()),
	}
}

func toImage(i *sdk.Image) *pb.Image {
	if i == nil {
		return nil
	}
	return &pb.Image{Reference: i.Reference, Digest: i.Digest, Platform: i.Platform}
}

func fromImage(i *pb.Image) *sdk.Image {
	if i == nil {
		return nil
	}
	return &sdk.Image{Reference: i.GetReference(), Digest: i.GetDigest(), Platform: i.GetPlatform()}
}

func toEnvVar(v sdk.EnvVar) *pb.EnvVar { return &pb.EnvVar{Name: v.Name, Value: []byte(v.Value)} }

func fromEnvVar(v *pb.EnvVar) sdk.EnvVar {
	return sdk.EnvVar{Name: v.GetName(), Value: string(v.GetValue())}
}

func toResources(r sdk.Resources) *pb.Resources {
	return &pb.Resources{
		Cpu:         r.CPU,
		MemoryBytes: r.MemoryBytes,
		DiskBytes:   r.DiskBytes,
		ShmBytes:    r.ShmBytes,
		Accelerator: toAccelerator(r.Accelerator),
		Spot:        r.Spot,
		MachineType: r.MachineType,
	}
}

func fromResources(r *pb.Resources) sdk.Resources {
	return sdk.Resources{
		CPU:         r.GetCpu(),
		MemoryBytes: r.GetMemoryBytes(),
		DiskBytes:   r.GetDiskBytes(),
		ShmBytes:    r.GetShmBytes(),
		Accelerator: fromAccelerator(r.GetAccelerator()),
		Spot:        r.GetSpot(),
		MachineType: r.GetMachineType(),
	}
}

func toAccelerator(a *sdk.Accelerator) *pb.Accelerator {
	if a == nil {
		return nil
	}
	return &pb.Accelerator{Name: a.Name, Count: int64(a.Count), Topology: a.Topology}
}

func fromAccelerator(a *pb.Accelerator) *sdk.Accelerator {
	if a == nil {
		return nil
	}
	return &sdk.Accelerator{Name: a.GetName(), Count: int(a.GetCount()), Topology: a.GetTopology()}
}

func toInput(i sdk.Input) *pb.Input {
	return &pb.Input{Name: i.Name, Sources: each(i.Sources, toSource), Many: i.Many}
}

func fromInput(i *pb.Input) sdk.Input {
	return sdk.Input{Name: i.GetName(), Sources: each(i.GetSources(), fromSource), Many: i.GetMany()}
}

func toSource(s sdk.Source) *pb.Source {
	return &pb.Source{Step: s.Step, Output: s.Output, Entry: s.Entry}
}

func fromSource(s *pb.Source) sdk.Source {
	return sdk.Source{Step: s.GetStep(), Output: s.GetOutput(), Entry: s.GetEntry()}
}

func toOutput(o sdk.Output) *pb.Output { return &pb.Output{Name: o.Name, Type: string(o.Type)} }

func fromOutput(o *pb.Output) sdk.Output {
	return sdk.Output{Name: o.GetName(), Type: sdk.OutputType(o.GetType())}
}
