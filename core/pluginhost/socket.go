package pluginhost

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// longestSocketBase keeps "BASE/plugin-dirNNNNNNNNNN/pluginNNNNNNNNNN" within
// the 104 bytes that the shortest of the systems' sun_path has (Linux: 108).
const longestSocketBase = 104 - len("/plugin-dir0123456789/plugin0123456789") - 1

// socketBase is a folder in which a plugin's folder of its own (0700) can be
// made such that the path of a unix socket in it is not too long. A long TMPDIR
// would otherwise end in an error that names neither.
func socketBase(wanted string, environ []string) (string, error) {
	candidates := []string{wanted}
	switch {
	case wanted != "":
	case runtime.GOOS == "windows":
		candidates = []string{lookup(environ, "TEMP"), lookup(environ, "TMP")}
	default:
		candidates = []string{lookup(environ, "TMPDIR"), "/tmp", lookup(environ, "XDG_RUNTIME_DIR"), "/var/tmp"}
	}
	var problems []error
	for _, dir := range candidates {
		if dir == "" {
			continue
		}
		info, err := os.Stat(dir)
		switch {
		case err != nil:
			problems = append(problems, err)
		case !info.IsDir():
			problems = append(problems, fmt.Errorf("%s is not a folder", dir))
		case len(dir) > longestSocketBase && runtime.GOOS != "windows":
			problems = append(problems, fmt.Errorf("%s is too long for a unix socket: %d bytes are, %d may be", dir, len(dir), longestSocketBase))
		case !writable(dir):
			problems = append(problems, fmt.Errorf("%s cannot be written to", dir))
		default:
			return dir, nil
		}
	}
	return "", fmt.Errorf("no folder for the plugin's socket: %w", errors.Join(problems...))
}

func writable(dir string) bool {
	probe, err := os.MkdirTemp(dir, "plugin-probe")
	if err != nil {
		return false
	}
	return os.Remove(probe) == nil
}

// lookup is the value of a variable, the last where it is set twice.
func lookup(environ []string, name string) string {
	found := ""
	for _, variable := range environ {
		if value, ok := strings.CutPrefix(variable, name+"="); ok {
			found = value
		}
	}
	return found
}
