package sbom

import (
	"bytes"
	"strings"
	"testing"
	"time"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/common"
)

func example() (Subject, Inventory) {
	return Subject{Repository: "reg.corp:5000/ML/churn", Digest: "sha256:" + strings.Repeat("ab", 32), Platform: "linux/arm64/v8",
			Created: time.Date(2026, 3, 4, 5, 6, 7, 8, time.FixedZone("", 3600))},
		Inventory{Distribution: "debian", Version: "12", Packages: []Package{
			{Name: "libc6", Version: "2.36", PURL: "pkg:deb/debian/libc6@2.36?arch=amd64", Locations: []string{"var/lib/dpkg/status"}},
			{Name: "six", Version: "1.17", PURL: "pkg:pypi/six@1.17", License: "MIT", Locations: []string{"a/METADATA", "b <&>/METADATA"}},
		}}
}

func write(t *testing.T, f Format, s Subject, i Inventory) []byte {
	t.Helper()
	out, err := Document(f, s, i)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCycloneDX(t *testing.T) {
	s, i := example()
	var bom cyclonedx.BOM
	if err := cyclonedx.NewBOMDecoder(bytes.NewReader(write(t, CycloneDX, s, i)), cyclonedx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	const image = "pkg:oci/churn@sha256:abababababababababababababababababababababababababababababababab?arch=arm64&repository_url=reg.corp:5000%2FML%2Fchurn"
	if bom.SpecVersion != cyclonedx.SpecVersion1_6 || bom.Metadata.Timestamp != "2026-03-04T04:06:07Z" || bom.Metadata.Component.PackageURL != image ||
		bom.Metadata.Component.Version != s.Digest {
		t.Errorf("%v at %s is about %+v", bom.SpecVersion, bom.Metadata.Timestamp, bom.Metadata.Component)
	}
	refs := map[string]bool{}
	var got []string
	for _, c := range *bom.Components {
		if refs[c.BOMRef] {
			t.Errorf("two components are called %s", c.BOMRef)
		}
		refs[c.BOMRef] = true
		got = append(got, string(c.Type)+" "+c.Name+" "+c.Version+" "+c.PackageURL)
	}
	if diff := cmp.Diff([]string{"operating-system debian 12 ", "library libc6 2.36 pkg:deb/debian/libc6@2.36?arch=amd64", "library six 1.17 pkg:pypi/six@1.17"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	six := (*bom.Components)[2]
	if len(*six.Licenses) != 1 || (*six.Licenses)[0].Expression != "MIT" || len(*six.Evidence.Occurrences) != 2 || (*six.Evidence.Occurrences)[1].Location != "/b <&>/METADATA" {
		t.Errorf("%+v", six)
	}
}

func TestSPDX(t *testing.T) {
	s, i := example()
	doc, err := spdxjson.Read(bytes.NewReader(write(t, SPDX, s, i)))
	if err != nil {
		t.Fatal(err)
	}
	if doc.SPDXVersion != "SPDX-2.3" || doc.CreationInfo.Created != "2026-03-04T04:06:07Z" || doc.DocumentName != s.Repository+"@"+s.Digest {
		t.Errorf("%s at %s is about %s", doc.SPDXVersion, doc.CreationInfo.Created, doc.DocumentName)
	}
	var got []string
	for _, p := range doc.Packages {
		purl := ""
		for _, r := range p.PackageExternalReferences {
			purl = r.RefType + " " + r.Locator
		}
		got = append(got, string(p.PackageSPDXIdentifier)+" "+p.PackageName+" "+p.PackageVersion+" "+p.PackageLicenseDeclared+" "+purl)
	}
	want := []string{
		"Image reg.corp:5000/ML/churn " + s.Digest + " NOASSERTION purl " + s.purl(),
		"OperatingSystem debian 12 NOASSERTION ",
		"Package-1 libc6 2.36 NOASSERTION purl pkg:deb/debian/libc6@2.36?arch=amd64",
		"Package-2 six 1.17 MIT purl pkg:pypi/six@1.17",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("packages (-want +got):\n%s", diff)
	}
	// Everything is described by the document or contained in what is.
	contained := map[common.ElementID]string{}
	for _, r := range doc.Relationships {
		contained[r.RefB.ElementRefID] = string(r.RefA.ElementRefID) + " " + r.Relationship
	}
	if diff := cmp.Diff(map[common.ElementID]string{"Image": "DOCUMENT DESCRIBES", "OperatingSystem": "Image CONTAINS", "Package-1": "Image CONTAINS", "Package-2": "Image CONTAINS"}, contained); diff != "" {
		t.Errorf("relationships (-want +got):\n%s", diff)
	}
}

// The same image gives the same bytes, another one an identity of its own.
func TestDocumentsAreTheSameEveryTime(t *testing.T) {
	for _, f := range []Format{SPDX, CycloneDX} {
		s, i := example()
		first := write(t, f, s, i)
		if again := write(t, f, s, i); !bytes.Equal(first, again) {
			t.Errorf("%s: two documents about one image differ", f)
		}
		id := s.uuid(f)
		if !bytes.Contains(first, []byte(id)) || len(id) != 36 || id[14] != '8' || !strings.ContainsRune("89ab", rune(id[19])) {
			t.Errorf("%s: the identity is %s", f, id)
		}
		other := s
		other.Digest = "sha256:" + strings.Repeat("cd", 32)
		if other.uuid(f) == id || other.uuid(SPDX) == other.uuid(CycloneDX) {
			t.Errorf("%s: two images share an identity", f)
		}
		s.Created = time.Time{}
		if !bytes.Contains(write(t, f, s, i), []byte("1970-01-01T00:00:00Z")) {
			t.Errorf("%s: an image without a time gives another time than the epoch", f)
		}
		if _, err := Document("x", s, i); err == nil {
			t.Error("a format that does not exist has documents")
		}
	}
}

// What is in no image is an empty document, not none.
func TestAnEmptyImage(t *testing.T) {
	for _, f := range []Format{SPDX, CycloneDX} {
		if out := write(t, f, Subject{Repository: "a", Digest: "sha256:x"}, Inventory{}); !bytes.Contains(out, []byte("\"a\"")) {
			t.Errorf("%s:\n%s", f, out)
		}
	}
}
