package image

import (
	"path"
	"regexp"
	"strings"
	"sync"
	"unicode"
)

var (
	aptShape = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]*(:[a-z0-9-]+)?(=[A-Za-z0-9.+~:-]+)?$`)
	})
	userShape = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^([a-z_][a-z0-9_-]{0,31}|[0-9]{1,10})(:([a-z_][a-z0-9_-]{0,31}|[0-9]{1,10}))?$`)
	})
	secretName    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9._-]{0,126}[A-Za-z0-9_])?$`) })
	mountShape    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(/[A-Za-z0-9._@+~-]+)+$`) })
	variableShape = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`) })
	labelShape    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$`) })
	pythonShape   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^3\.[0-9]{1,2}(\.[0-9]{1,3})?$`) })
	platformShape = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9.]+)?$`) })
	tagShape      = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`) })
	hostShape     = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$`) })
	optionShape   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9-]*$`) })
	repoShape     = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`)
	})
	registryShape = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(:[0-9]{1,5})?(/[a-z0-9._-]+)*/?$`)
	})
)

// architectures are those that Linux images are made for.
func knownPlatform(p string) bool {
	os, rest, _ := strings.Cut(p, "/")
	arch, _, _ := strings.Cut(rest, "/")
	switch arch {
	case "amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64", "loong64", "mips64le":
		return os == "linux"
	}
	return false
}

// workdirProblem is what is wrong with a work directory, or empty.
func workdirProblem(dir string) string {
	switch {
	case !path.IsAbs(dir):
		return "the work directory has to be absolute, such as /app"
	case path.Clean(dir) == "/":
		return "the work directory cannot be /, which holds the system"
	case strings.ContainsFunc(dir, isControl) || !carried(dir):
		return "the work directory has control characters in it"
	case strings.TrimSpace(dir) != dir:
		return "the work directory begins or ends with a space"
	case len(dir) > 4096:
		return "the work directory is too long"
	}
	return ""
}

func isControl(r rune) bool { return unicode.IsControl(r) }
