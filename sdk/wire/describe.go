package wire

import (
	"github.com/stackrun/stack/sdk"
	pb "github.com/stackrun/stack/sdk/proto/orchestrator/v1"
)

func toInfo(i sdk.Info) *pb.HandshakeResponse {
	return &pb.HandshakeResponse{
		Name:    i.Name,
		Version: i.Version,
		Capabilities: each(i.Capabilities, func(c sdk.Capability) string {
			return string(c)
		}),
	}
}

func fromInfo(i *pb.HandshakeResponse) sdk.Info {
	return sdk.Info{
		Name:    i.GetName(),
		Version: i.GetVersion(),
		Capabilities: each(i.GetCapabilities(), func(c string) sdk.Capability {
			return sdk.Capability(c)
		}),
	}
}

func toSchema(s sdk.Schema) *pb.SchemaResponse {
	return &pb.SchemaResponse{Stack: toBlock(s.Stack), Step: toBlock(s.Step)}
}

func fromSchema(s *pb.SchemaResponse) sdk.Schema {
	return sdk.Schema{Stack: fromBlock(s.GetStack()), Step: fromBlock(s.GetStep())}
}

// EncodeBlock and DecodeBlock are for packages that carry another interface
// with a schema in it.
func EncodeBlock(b sdk.Block) *pb.Block { return toBlock(b) }

// DecodeBlock is the reverse of EncodeBlock.
func DecodeBlock(b *pb.Block) sdk.Block { return fromBlock(b) }

func toBlock(b sdk.Block) *pb.Block {
	return &pb.Block{
		Doc:        text(b.Doc),
		Attributes: each(b.Attributes, toAttribute),
		Blocks:     each(b.Blocks, toNestedBlock),
	}
}

func fromBlock(b *pb.Block) sdk.Block {
	return sdk.Block{
		Doc:        b.GetDoc(),
		Attributes: each(b.GetAttributes(), fromAttribute),
		Blocks:     each(b.GetBlocks(), fromNestedBlock),
	}
}

func toAttribute(a sdk.Attribute) *pb.Attribute {
	return &pb.Attribute{
		Name:        a.Name,
		Type:        a.Type,
		Doc:         text(a.Doc),
		Required:    a.Required,
		Sensitive:   a.Sensitive,
		Deprecated:  text(a.Deprecated),
		DefaultJson: a.Default,
		Allowed:     a.Allowed,
	}
}

func fromAttribute(a *pb.Attribute) sdk.Attribute {
	return sdk.Attribute{
		Name:       a.GetName(),
		Type:       a.GetType(),
		Doc:        a.GetDoc(),
		Required:   a.GetRequired(),
		Sensitive:  a.GetSensitive(),
		Deprecated: a.GetDeprecated(),
		Default:    some(a.GetDefaultJson()),
		Allowed:    a.GetAllowed(),
	}
}

func toNestedBlock(b sdk.NestedBlock) *pb.NestedBlock {
	return &pb.NestedBlock{Name: b.Name, Block: toBlock(b.Block), Many: b.Many}
}

func fromNestedBlock(b *pb.NestedBlock) sdk.NestedBlock {
	return sdk.NestedBlock{Name: b.GetName(), Block: fromBlock(b.GetBlock()), Many: b.GetMany()}
}

func toDiagnostic(d sdk.Diagnostic) *pb.Diagnostic {
	return &pb.Diagnostic{
		Severity:   string(d.Severity),
		Code:       d.Code,
		Summary:    text(d.Summary),
		Detail:     text(d.Detail),
		Suggestion: text(d.Suggestion),
		Path:       &pb.Path{Root: string(d.Path.Root), Step: d.Path.Step, Elems: texts(d.Path.Elems)},
		Placement:  d.Placement,
	}
}

func fromDiagnostic(d *pb.Diagnostic) sdk.Diagnostic {
	return sdk.Diagnostic{
		Severity:   sdk.Severity(d.GetSeverity()),
		Code:       d.GetCode(),
		Summary:    d.GetSummary(),
		Detail:     d.GetDetail(),
		Suggestion: d.GetSuggestion(),
		Path:       sdk.Path{Root: sdk.PathRoot(d.GetPath().GetRoot()), Step: d.GetPath().GetStep(), Elems: d.GetPath().GetElems()},
		Placement:  d.GetPlacement(),
	}
}
