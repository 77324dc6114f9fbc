package sbom

import (
	"path"
	"strings"

	"github.com/package-url/packageurl-go"
)

// release is the distribution of an image, as its os-release says.
type release struct{ id, version string }

func isRelease(name string) bool { return name == "etc/os-release" || name == "usr/lib/os-release" }

// release reads os-release(5): /etc/os-release counts; it mostly is a link to the
// other one.
func (f *files) release() release {
	content, ok := f.content["etc/os-release"]
	if !ok {
		content = f.content["usr/lib/os-release"]
	}
	var r release
	for _, line := range strings.Split(string(content), "\n") {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.ToValidUTF8(strings.Trim(value, `"'`), "\uFFFD")
		switch name {
		case "ID":
			r.id = strings.ToLower(value)
		case "VERSION_ID":
			r.version = value
		}
	}
	return r
}

// purl names a package of the distribution.
func (r release) purl(kind, fallback, name, version string, qualifiers map[string]string) string {
	namespace := r.id
	if namespace == "" {
		namespace = fallback
	} else {
		qualifiers["distro"] = strings.TrimSuffix(r.id+"-"+r.version, "-")
	}
	return purl(kind, namespace, name, version, qualifiers)
}

// purl is a package URL in its canonical form.
func purl(kind, namespace, name, version string, qualifiers map[string]string) string {
	for key, value := range qualifiers {
		if value == "" {
			delete(qualifiers, key)
		}
	}
	p := packageurl.NewPackageURL(kind, namespace, name, version, packageurl.QualifiersFromMap(qualifiers), "")
	if err := p.Normalize(); err != nil { // a name that package URLs cannot say is said as it is
		return packageurl.NewPackageURL(kind, namespace, name, version, nil, "").ToString()
	}
	return p.ToString()
}

// Debian: dpkg's database, or, in images without dpkg, a file for each package.

func isDebian(name string) bool {
	dir, base := path.Split(name)
	return name == "var/lib/dpkg/status" || dir == "var/lib/dpkg/status.d/" && !strings.HasSuffix(base, ".md5sums")
}

func debianPackages(content []byte, system release) []Package {
	var out []Package
	for _, p := range paragraphs(content) {
		status := strings.Fields(p["Status"])
		if p["Package"] == "" || p["Version"] == "" || len(status) > 0 && status[len(status)-1] != "installed" {
			continue // such as removed, with its configuration left
		}
		// A source of another version is written as "name (version)".
		upstream := p["Source"]
		if name, version, ok := strings.Cut(upstream, " ("); ok {
			upstream = name + "@" + strings.TrimSuffix(version, ")")
		}
		out = append(out, Package{Name: p["Package"], Version: p["Version"],
			PURL: system.purl(packageurl.TypeDebian, "debian", p["Package"], p["Version"], map[string]string{"arch": p["Architecture"], "upstream": upstream})})
	}
	return out
}

// Alpine: apk's database, whose fields have one letter.

func isAlpine(name string) bool {
	return name == "lib/apk/db/installed" || name == "usr/lib/apk/db/installed"
}

func alpinePackages(content []byte, system release) []Package {
	var out []Package
	for _, p := range paragraphs(content) {
		if p["P"] == "" || p["V"] == "" {
			continue
		}
		origin := p["o"]
		if origin == p["P"] {
			origin = ""
		}
		out = append(out, Package{Name: p["P"], Version: p["V"], License: expression(p["L"]),
			PURL: system.purl(packageurl.TypeApk, "alpine", p["P"], p["V"], map[string]string{"arch": p["A"], "upstream": origin})})
	}
	return out
}
