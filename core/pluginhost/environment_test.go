package pluginhost

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEnvironmentIsAnAllowList(t *testing.T) {
	got := environment([]string{
		"PATH=/bin", "HOME=/root", "LC_ALL=C", "https_proxy=http://p", "DOCKER_HOST=unix:///x",
		"AWS_PROFILE=dev", "KUBECONFIG=/k", "XDG_RUNTIME_DIR=/run/user/1",
		"GITHUB_TOKEN=secret", "LD_PRELOAD=/evil.so", "NPM_TOKEN=secret", "PATHOLOGICAL=1",
		"SLURM_CLUSTER=a=b", "ANOTHER=1", "=odd", "noequals",
		"PLUGIN_UNIX_SOCKET_DIR=/theirs", "STACK_PLUGIN=theirs",
	}, []string{"SLURM_CLUSTER"})
	want := []string{
		"AWS_PROFILE=dev", "DOCKER_HOST=unix:///x", "HOME=/root", "KUBECONFIG=/k", "LC_ALL=C",
		"PATH=/bin", "SLURM_CLUSTER=a=b", "XDG_RUNTIME_DIR=/run/user/1", "https_proxy=http://p",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
