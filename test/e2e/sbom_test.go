//go:build e2e

package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"strings"
	"testing"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/package-url/packageurl-go"
	spdxjson "github.com/spdx/tools-golang/json"
)

// attachedSBOM is what `stack build -o json` says of a document.
type attachedSBOM struct {
	Image, Platform, Subject, Format, Digest string
	Existed                                  bool
	Packages                                 int
}

func (p *project) sboms(format string) []attachedSBOM {
	p.t.Helper()
	r := p.must(0, "build", "flow.yaml", "--sbom", format, "-o", "json")
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	var out struct{ SBOMs []attachedSBOM }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &out); err != nil {
		p.t.Fatalf("%v\n%s", err, r)
	}
	return out.SBOMs
}

// content is the document of an artifact, as any client of the registry gets it:
// found through the image that it is about.
func (s attachedSBOM) content(t *testing.T, artifactType string) []byte {
	t.Helper()
	ref, err := name.ParseReference(s.Image)
	if err != nil {
		t.Fatal(err)
	}
	index, err := remote.Referrers(ref.Context().Digest(s.Subject))
	if err != nil {
		t.Fatal(err)
	}
	list, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, m := range list.Manifests {
		if m.ArtifactType == artifactType {
			found++
			if m.Digest.String() != s.Digest {
				t.Errorf("%s is attached as %s, and stack says %s", artifactType, m.Digest, s.Digest)
			}
		}
	}
	if found != 1 {
		t.Fatalf("%d documents of type %s are attached", found, artifactType)
	}
	artifact, err := remote.Image(ref.Context().Digest(s.Digest))
	if err != nil {
		t.Fatal(err)
	}
	layers, err := artifact.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, %v", len(layers), err)
	}
	stream, err := layers[0].Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	text, err := io.ReadAll(stream)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// byKind is packages by the type of their package URLs: name to version. With
// distributions that others have inside of themselves, a name can have two.
func byKind(t *testing.T, purls []string) map[string]map[string][]string {
	t.Helper()
	out := map[string]map[string][]string{packageurl.TypeDebian: {}, packageurl.TypePyPi: {}, packageurl.TypeOCI: {}}
	for _, text := range purls {
		p, err := packageurl.FromString(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		out[p.Type][p.Name] = append(out[p.Type][p.Name], p.Version)
	}
	return out
}

// TestSBOM: the document of a really built image has every package that dpkg and
// pip list inside it, and no other.
func TestSBOM(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		p := newProject(t, map[string]string{
			"stacks.hcl": stacks{registry: ownRegistry(t)}.hcl(t),
			"flow.yaml": flow("listed", "apt_packages: [libgomp1], requirements: [tabulate==0.9.0]", `
dpkg-query -W -f 'deb ${Package} ${Version} ${db:Status-Status}\n'
python -m pip list --format freeze --disable-pip-version-check | sed 's/==/ /; s/^/pypi /'`),
		}).on(on)
		first := p.sboms("spdx")
		if len(first) != 1 || first[0].Platform != "linux/amd64" || first[0].Existed || first[0].Packages < 50 {
			t.Fatalf("%+v", first)
		}
		doc, err := spdxjson.Read(bytes.NewReader(first[0].content(t, "application/spdx+json")))
		if err != nil {
			t.Fatal(err)
		}
		var purls []string
		for _, pkg := range doc.Packages {
			for _, r := range pkg.PackageExternalReferences {
				purls = append(purls, r.Locator)
			}
		}
		listed := byKind(t, purls)

		// What is attached already is not attached again.
		if again := p.sboms("spdx"); len(again) != 1 || !again[0].Existed || again[0].Digest != first[0].Digest {
			t.Errorf("the second time %+v", again)
		}
		other := p.sboms("cyclonedx")
		if len(other) != 1 || other[0].Existed || other[0].Digest == first[0].Digest || other[0].Packages != first[0].Packages {
			t.Fatalf("of another format %+v", other)
		}
		var bom cyclonedx.BOM
		if err := cyclonedx.NewBOMDecoder(bytes.NewReader(other[0].content(t, "application/vnd.cyclonedx+json")), cyclonedx.BOMFileFormatJSON).Decode(&bom); err != nil {
			t.Fatal(err)
		}
		names := map[string]bool{}
		for _, c := range *bom.Components {
			names[c.PackageURL] = true
		}
		for _, purl := range purls {
			if !names[purl] && !strings.HasPrefix(purl, "pkg:oci/") {
				t.Errorf("SPDX lists %s and CycloneDX does not", purl)
			}
		}

		p.must(0, "run", "flow.yaml")
		inside := p.must(0, "logs", p.onlyRun().Run, "--step", "only")
		has := map[string]map[string]string{"deb": {}, "pypi": {}}
		for _, m := range regexp.MustCompile(`(?m)^(deb|pypi) (\S+) (\S+)( installed)?$`).FindAllStringSubmatch(inside.stdout, -1) {
			if m[1] == "pypi" || m[4] != "" {
				has[m[1]][strings.ReplaceAll(strings.ToLower(m[2]), "_", "-")] = m[3]
			}
		}
		if has["deb"]["libgomp1"] == "" || has["pypi"]["tabulate"] != "0.9.0" || len(has["deb"]) < 40 {
			t.Fatalf("inside of the image are %v:\n%s", has, inside)
		}
		for kind, packages := range has {
			for name, version := range packages {
				if !oneOf(listed[kind][name], version) {
					t.Errorf("%s %s %s is in the image, the document has %v", kind, name, version, listed[kind][name])
				}
			}
		}
		for name, versions := range listed["deb"] {
			if len(versions) != 1 || has["deb"][name] != versions[0] {
				t.Errorf("the document has %s %v, the image %q", name, versions, has["deb"][name])
			}
		}
	})
}

// TestSBOMWithoutARegistry: said before anything is built, with a way out.
func TestSBOMWithoutARegistry(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]string{"stacks.hcl": stacks{}.hcl(t), "flow.yaml": flow("nowhere", "commands: ['exit 1']", "true")}).on(engines(t)[0])
	p.wants(p.must(2, "build", "flow.yaml", "--sbom", "spdx"), "--sbom is not possible on stack docker", "container_registry")
	p.wants(p.must(2, "build", "flow.yaml", "--sbom", "spdx", "--stack", "local"), "--sbom is not possible on stack local")
	p.wants(p.must(2, "build", "flow.yaml", "--sbom", "spxd"), `did you mean "spdx"?`)
}
