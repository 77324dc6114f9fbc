package sbom

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/package-url/packageurl-go"
	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"
)

const unsaid = "NOASSERTION"

func spdxDocument(s Subject, inventory Inventory) ([]byte, error) {
	const document, subject = common.ElementID("DOCUMENT"), common.ElementID("Image")
	about := spdxPackage(subject, s.Repository, s.Digest, s.purl())
	about.PrimaryPackagePurpose = "CONTAINER"
	about.PackageComment = "platform " + s.Platform
	if algorithm, value, ok := strings.Cut(s.Digest, ":"); ok && algorithm == "sha256" {
		about.PackageChecksums = []common.Checksum{{Algorithm: common.SHA256, Value: value}}
	}
	doc := v2_3.Document{
		SPDXVersion: v2_3.Version, DataLicense: v2_3.DataLicense, SPDXIdentifier: document,
		DocumentName:      s.Repository + "@" + s.Digest,
		DocumentNamespace: "https://github.com/stackrun/stack/sbom/" + s.uuid(SPDX),
		CreationInfo:      &v2_3.CreationInfo{Created: s.created(), Creators: []common.Creator{{CreatorType: "Tool", Creator: toolName}}},
		Packages:          []*v2_3.Package{about},
		Relationships:     []*v2_3.Relationship{relationship(document, subject, common.TypeRelationshipDescribe)},
	}
	contains := func(p *v2_3.Package) {
		doc.Packages = append(doc.Packages, p)
		doc.Relationships = append(doc.Relationships, relationship(subject, p.PackageSPDXIdentifier, common.TypeRelationshipContains))
	}
	if inventory.Distribution != "" {
		system := spdxPackage("OperatingSystem", inventory.Distribution, inventory.Version, "")
		system.PrimaryPackagePurpose = "OPERATING-SYSTEM"
		contains(system)
	}
	for i, p := range inventory.Packages {
		out := spdxPackage(common.ElementID(fmt.Sprintf("Package-%d", i+1)), p.Name, p.Version, p.PURL)
		if p.License != "" {
			out.PackageLicenseDeclared = p.License
		}
		out.PackageSourceInfo = "found in /" + strings.Join(p.Locations, ", /")
		contains(out)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(doc); err != nil {
		return nil, fmt.Errorf("encode SPDX: %w", err)
	}
	return out.Bytes(), nil
}

func spdxPackage(id common.ElementID, name, version, purl string) *v2_3.Package {
	p := &v2_3.Package{
		PackageSPDXIdentifier: id, PackageName: name, PackageVersion: version, PackageDownloadLocation: unsaid,
		PackageLicenseConcluded: unsaid, PackageLicenseDeclared: unsaid, PackageCopyrightText: unsaid,
	}
	if purl != "" {
		p.PackageExternalReferences = []*v2_3.PackageExternalReference{{
			Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL, Locator: purl}}
	}
	return p
}

func relationship(from, to common.ElementID, kind string) *v2_3.Relationship {
	return &v2_3.Relationship{RefA: common.MakeDocElementID("", string(from)), RefB: common.MakeDocElementID("", string(to)), Relationship: kind}
}

// purl names the image itself.
func (s Subject) purl() string {
	_, arch, _ := strings.Cut(s.Platform, "/")
	arch, _, _ = strings.Cut(arch, "/")
	return purl(packageurl.TypeOCI, "", strings.ToLower(path.Base(s.Repository)), s.Digest, map[string]string{"arch": arch, "repository_url": s.Repository})
}
