package sbom

import (
	"bytes"
	"fmt"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
)

func cyclonedxDocument(s Subject, inventory Inventory) ([]byte, error) {
	about := cyclonedx.Component{
		BOMRef: s.purl(), Type: cyclonedx.ComponentTypeContainer, Name: s.Repository, Version: s.Digest, PackageURL: s.purl(),
		Properties: &[]cyclonedx.Property{{Name: "stack:platform", Value: s.Platform}},
	}
	components := []cyclonedx.Component{}
	if inventory.Distribution != "" {
		components = append(components, cyclonedx.Component{
			BOMRef: "os:" + inventory.Distribution, Type: cyclonedx.ComponentTypeOS, Name: inventory.Distribution, Version: inventory.Version})
	}
	for _, p := range inventory.Packages {
		c := cyclonedx.Component{BOMRef: p.PURL, Type: cyclonedx.ComponentTypeLibrary, Name: p.Name, Version: p.Version, PackageURL: p.PURL}
		if p.License != "" {
			c.Licenses = &cyclonedx.Licenses{{Expression: p.License}}
		}
		occurrences := []cyclonedx.EvidenceOccurrence{}
		for _, location := range p.Locations {
			occurrences = append(occurrences, cyclonedx.EvidenceOccurrence{Location: "/" + location})
		}
		c.Evidence = &cyclonedx.Evidence{Occurrences: &occurrences}
		components = append(components, c)
	}
	bom := cyclonedx.NewBOM()
	bom.SerialNumber = "urn:uuid:" + s.uuid(CycloneDX)
	bom.Metadata = &cyclonedx.Metadata{
		Timestamp: s.created(), Component: &about,
		Tools: &cyclonedx.ToolsChoice{Components: &[]cyclonedx.Component{{Type: cyclonedx.ComponentTypeApplication, Name: toolName}}},
	}
	bom.Components = &components
	var out bytes.Buffer
	encoder := cyclonedx.NewBOMEncoder(&out, cyclonedx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false)
	if err := encoder.EncodeVersion(bom, cyclonedx.SpecVersion1_6); err != nil {
		return nil, fmt.Errorf("encode CycloneDX: %w", err)
	}
	return out.Bytes(), nil
}

// toolName is what documents say made them. Its version is not in them: another
// version of stack gives the same bytes.
const toolName = "stack"
