package sbom

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/package-url/packageurl-go"
)

const dpkgStatus = `Package: libc6
Status: install ok installed
Priority: optional
Architecture: amd64
Multi-Arch: same
Source: glibc
Version: 2.36-9+deb12u10
Description: GNU C Library: Shared libraries
 Contains the standard libraries.
 Version: 9
 .
 More.

Package: gone
Status: deinstall ok config-files
Version: 1.0

Package: held
Status: hold ok installed
Architecture: all
Source: held-source (2:0.9)
Version: 1:1.0~rc1-1
`

func TestInventory(t *testing.T) {
	debian := entry{name: "usr/lib/os-release", text: "PRETTY_NAME=\"Debian\"\nID=debian\nVERSION_ID=\"12\"\n"}
	for name, c := range map[string]struct {
		entries  []entry
		want     []string // PURLs
		unlisted []string
	}{
		"empty": {nil, nil, nil},
		"debian": {[]entry{debian, {name: "var/lib/dpkg/status", text: dpkgStatus}}, []string{
			"pkg:deb/debian/held@1:1.0~rc1-1?arch=all&distro=debian-12&upstream=held-source%402:0.9",
			"pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64&distro=debian-12&upstream=glibc",
		}, nil},
		"ubuntu, its release in etc": {[]entry{{name: "etc/os-release", text: "ID='ubuntu'\nVERSION_ID=24.04\n"}, debian,
			{name: "var/lib/dpkg/status", text: "Package: A\nVersion: 1\n"}}, []string{"pkg:deb/ubuntu/a@1?distro=ubuntu-24.04"}, nil},
		"no release": {[]entry{{name: "var/lib/dpkg/status", text: "Package: a\nVersion: 1\n"}}, []string{"pkg:deb/debian/a@1"}, nil},
		"distroless": {[]entry{debian,
			{name: "var/lib/dpkg/status.d/base", text: "Package: base\nVersion: 1\nArchitecture: amd64\n"},
			{name: "var/lib/dpkg/status.d/base.md5sums", text: "Package: no\nVersion: 1\n"},
			{name: "var/lib/dpkg/status.d/tzdata", text: "Package: tzdata\nVersion: 2\nArchitecture: all\n"},
		}, []string{"pkg:deb/debian/base@1?arch=amd64&distro=debian-12", "pkg:deb/debian/tzdata@2?arch=all&distro=debian-12"}, nil},
		"alpine": {[]entry{{name: "etc/os-release", text: "ID=alpine\nVERSION_ID=3.20.1\n"},
			{name: "lib/apk/db/installed", text: "C:Q1x=\nP:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\no:musl\n\nP:libcrypto3\nV:3.3.1-r0\nA:x86_64\no:openssl\nF:lib\nR:x\n"}}, []string{
			"pkg:apk/alpine/libcrypto3@3.3.1-r0?arch=x86_64&distro=alpine-3.20.1&upstream=openssl",
			"pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.1",
		}, nil},
		"python": {[]entry{
			{name: "usr/lib/python3/site-packages/torch-2.7.1.dist-info/METADATA", text: "Metadata-Version: 2.1\nName: torch\nVersion: 2.7.1+cu126\n\nName: no\nVersion: 9\n"},
			{name: "app/.venv/lib/python3.12/site-packages/Scikit_Learn-1.5.dist-info/METADATA", text: "Name: Scikit_Learn\r\nVersion: 1.5\r\n"},
			{name: "usr/lib/python3/dist-packages/a.egg-info/PKG-INFO", text: "Name: a\nVersion: 1\n"},
			{name: "usr/lib/python3/dist-packages/b-2.egg-info", text: "Name: b\nVersion: 2\n"},
			{name: "opt/c.egg/EGG-INFO/PKG-INFO", text: "Name: c\nVersion: 3\n"},
			{name: "usr/lib/python3/site-packages/broken.dist-info/METADATA", text: "\x00\xff"},
			{name: "usr/lib/python3/site-packages/x.dist-info/RECORD", text: "Name: no\nVersion: 1\n"},
			{name: "root/.cache/uv/archive-v0/abc/no.dist-info/METADATA", text: "Name: no\nVersion: 1\n"},
			{name: "METADATA", text: "Name: no\nVersion: 1\n"},
		}, []string{"pkg:pypi/a@1", "pkg:pypi/b@2", "pkg:pypi/c@3", "pkg:pypi/scikit-learn@1.5", "pkg:pypi/torch@2.7.1%2Bcu126"}, nil},
		"what is not read": {[]entry{{name: "var/lib/rpm/rpmdb.sqlite", text: "x"}, {name: "opt/conda/conda-meta/history", text: "x"}}, nil,
			[]string{"opt/conda/conda-meta/history (Conda)", "var/lib/rpm/rpmdb.sqlite (RPM)"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Read(t.Context(), imageOf(t, layerOf(t, c.entries...)), nil)
			if err != nil {
				t.Fatal(err)
			}
			var purls []string
			for _, p := range got.Packages {
				purls = append(purls, p.PURL)
				if _, err := packageurl.FromString(p.PURL); err != nil {
					t.Errorf("%s: %v", p.PURL, err)
				}
			}
			if diff := cmp.Diff(c.want, purls); diff != "" {
				t.Errorf("packages (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.unlisted, got.Unlisted); diff != "" {
				t.Errorf("unlisted (-want +got):\n%s", diff)
			}
		})
	}
}

// A later layer upgrades one package, removes another, and puts a third into a
// second place: the image has one of the first, none of the second and one of the
// third, in two places.
func TestInventoryOfLayers(t *testing.T) {
	const site, venv = "usr/lib/python3/site-packages/", "venv/lib/python3/site-packages/"
	meta := func(dir, name, version string) entry {
		return entry{name: dir + name + "-" + version + ".dist-info/METADATA", text: "Name: " + name + "\nVersion: " + version + "\nLicense-Expression: MIT OR (Apache-2.0 WITH LLVM-exception)\n"}
	}
	got, err := Read(t.Context(), imageOf(t,
		layerOf(t, meta(site, "numpy", "1.26"), meta(site, "pip", "24"), meta(site, "six", "1.17"), entry{name: "var/lib/dpkg/status", text: "Package: a\nVersion: 1\n"}),
		layerOf(t, entry{name: site + ".wh.numpy-1.26.dist-info"}, meta(site, "numpy", "2.1"), entry{name: site + "pip-24.dist-info/.wh.METADATA"},
			meta(venv, "six", "1.17"), entry{name: "var/lib/dpkg/status", text: "Package: a\nVersion: 2\n"}),
	), nil)
	if err != nil {
		t.Fatal(err)
	}
	const mit = "MIT OR (Apache-2.0 WITH LLVM-exception)"
	want := []Package{
		{Name: "a", Version: "2", PURL: "pkg:deb/debian/a@2", Locations: []string{"var/lib/dpkg/status"}},
		{Name: "numpy", Version: "2.1", PURL: "pkg:pypi/numpy@2.1", License: mit, Locations: []string{site + "numpy-2.1.dist-info/METADATA"}},
		{Name: "six", Version: "1.17", PURL: "pkg:pypi/six@1.17", License: mit,
			Locations: []string{site + "six-1.17.dist-info/METADATA", venv + "six-1.17.dist-info/METADATA"}},
	}
	if diff := cmp.Diff(want, got.Packages, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExpression(t *testing.T) {
	for text, valid := range map[string]bool{
		"MIT": true, "Apache-2.0 OR MIT": true, "GPL-2.0-or-later AND (MIT OR BSD-3-Clause)": true, "GPL-2.0-only WITH Classpath-exception-2.0": true,
		"": false, "GPL": true, "Apache License 2.0": false, "MIT OR": false, "OR MIT": false, "(MIT": false, "MIT, BSD": false, "see \"LICENSE\"": false,
	} {
		if got := expression(text); (got != "") != valid || valid && got != text {
			t.Errorf("%q gives %q", text, got)
		}
	}
}

// FuzzPackages: whatever a database holds, what comes out is package URLs.
func FuzzPackages(f *testing.F) {
	f.Add(dpkgStatus)
	f.Add("P:a/b\nV:?#@\nA:%\no: \n\n\n:\n")
	f.Add("Name: \xff\nVersion: 1\xfe\nLicense-Expression: ((\n")
	f.Fuzz(func(t *testing.T, text string) {
		system := release{id: "debian", version: "12"}
		all := append(debianPackages([]byte(text), system), alpinePackages([]byte(text), system)...)
		for _, p := range append(all, pythonDistribution([]byte(text))...) {
			if p.Name == "" || p.Version == "" {
				t.Errorf("%+v says too little", p)
			}
			if !strings.HasPrefix(p.PURL, "pkg:") || strings.ContainsAny(p.PURL, " \n\"") {
				t.Errorf("%q is not a package URL", p.PURL)
			}
		}
	})
}
