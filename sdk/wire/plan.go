package wire

import (
	"github.com/stackrun/stack/sdk"
	pb "github.com/stackrun/stack/sdk/proto/orchestrator/v1"
)

func toPlan(p sdk.Plan, diags []sdk.Diagnostic) *pb.PlanResponse {
	return &pb.PlanResponse{
		Placements:  each(p.Placements, toPlacement),
		Documents:   each(p.Documents, toDocument),
		Private:     p.Private,
		Diagnostics: each(diags, toDiagnostic),
	}
}

func fromPlan(p *pb.PlanResponse) (sdk.Plan, []sdk.Diagnostic) {
	return sdk.Plan{
		Placements: each(p.GetPlacements(), fromPlacement),
		Documents:  each(p.GetDocuments(), fromDocument),
		Private:    some(p.GetPrivate()),
	}, each(p.GetDiagnostics(), fromDiagnostic)
}

func toPlacement(p sdk.Placement) *pb.Placement {
	return &pb.Placement{
		Step:        p.Step,
		MachineType: p.MachineType,
		Location:    p.Location,
		Reason:      text(p.Reason),
		Rejected: each(p.Rejected, func(r sdk.Rejected) *pb.Rejected {
			return &pb.Rejected{MachineType: r.MachineType, Reason: text(r.Reason)}
		}),
	}
}

func fromPlacement(p *pb.Placement) sdk.Placement {
	return sdk.Placement{
		Step:        p.GetStep(),
		MachineType: p.GetMachineType(),
		Location:    p.GetLocation(),
		Reason:      p.GetReason(),
		Rejected: each(p.GetRejected(), func(r *pb.Rejected) sdk.Rejected {
			return sdk.Rejected{MachineType: r.GetMachineType(), Reason: r.GetReason()}
		}),
	}
}

func toDocument(d sdk.Document) *pb.Document {
	return &pb.Document{Name: text(d.Name), MediaType: d.MediaType, Content: d.Content}
}

func fromDocument(d *pb.Document) sdk.Document {
	return sdk.Document{Name: d.GetName(), MediaType: d.GetMediaType(), Content: some(d.GetContent())}
}
