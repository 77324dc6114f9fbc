package pluginhost

import (
	"sort"
	"strings"
)

// environment is what a plugin gets of the caller's environment: what programs
// need to run at all, to find the user's home, proxies and certificates, and
// what the SDKs of clouds and engines read. pass adds names that a stack
// declares. The rest, tokens of other programs among it, stays here.
func environment(environ, pass []string) []string {
	wanted := allowed()
	for _, name := range pass {
		wanted[name] = true
	}
	var out []string
	for _, variable := range environ {
		name, _, ok := strings.Cut(variable, "=")
		if ok && name != "" && (wanted[name] || family(name)) {
			out = append(out, variable)
		}
	}
	sort.Strings(out)
	return out
}

func allowed() map[string]bool {
	names := []string{
		"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR",
		"SSL_CERT_FILE", "SSL_CERT_DIR",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
		"http_proxy", "https_proxy", "no_proxy", "all_proxy",
		"KUBECONFIG", "SSH_AUTH_SOCK", "BOTO_CONFIG", "CUDA_VISIBLE_DEVICES",
		"NVIDIA_VISIBLE_DEVICES", "GODEBUG", "GOTRACEBACK", "GOMAXPROCS", "GOMEMLIMIT",
		// Windows
		"SYSTEMROOT", "SystemRoot", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "TEMP", "TMP", "PATHEXT", "COMSPEC", "ComSpec",
	}
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}

// family reports whether name is one of a family of variables that are passed
// whole.
func family(name string) bool {
	for _, start := range []string{
		"LC_", "XDG_", "DOCKER_", "BUILDKIT_", "BUILDX_", "KUBERNETES_", "CLOUDSDK_", "GOOGLE_", "GCE_",
		"AWS_", "AZURE_", "ARM_", "MSI_", "IDENTITY_",
	} {
		if strings.HasPrefix(name, start) {
			return true
		}
	}
	return false
}
