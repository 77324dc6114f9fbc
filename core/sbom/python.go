package sbom

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/package-url/packageurl-go"
)

// isPython reports whether a file is the metadata of an installed distribution:
// NAME.dist-info/METADATA, NAME.egg-info/PKG-INFO, or a file NAME.egg-info.
func isPython(name string) bool {
	dir, base := path.Split(name)
	switch {
	case base == "METADATA":
		return strings.HasSuffix(dir, ".dist-info/")
	case base == "PKG-INFO":
		return strings.HasSuffix(dir, ".egg-info/") || strings.HasSuffix(dir, "/EGG-INFO/")
	}
	return strings.HasSuffix(base, ".egg-info")
}

// isCached reports whether a distribution is in an installer's cache, and so not
// installed.
func isCached(name string) bool {
	parts := strings.Split(name, "/")
	return slices.Contains(parts, ".cache") || slices.Contains(parts, "archive-v0")
}

// pythonDistribution reads the core metadata of a distribution (packaging.python.org,
// "Core metadata specifications"): its headers, and not the description below them.
func pythonDistribution(content []byte) []Package {
	all := paragraphs(content)
	if len(all) == 0 || all[0]["Name"] == "" || all[0]["Version"] == "" {
		return nil
	}
	p := all[0]
	return []Package{{Name: p["Name"], Version: p["Version"], License: expression(p["License-Expression"]),
		PURL: purl(packageurl.TypePyPi, "", p["Name"], p["Version"], nil)}}
}

// A package variable costs every start of stack its compilation.
var license = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.+-]*$`) })

// expression is text where it has the form of an SPDX license expression
// (SPDX 2.3, annex D), and empty otherwise.
func expression(text string) string {
	words := strings.Fields(strings.NewReplacer("(", " ", ")", " ").Replace(text))
	id := true // an identifier comes next, then an operator
	for _, w := range words {
		switch operator := w == "AND" || w == "OR" || w == "WITH"; {
		case id == operator, id && !license().MatchString(w):
			return ""
		}
		id = !id
	}
	if id || strings.Count(text, "(") != strings.Count(text, ")") {
		return ""
	}
	return text
}
