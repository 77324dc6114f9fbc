package builder

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/moby/client"

	"github.com/stackrun/stack/core/diag"
)

// place is where an engine is, and the files to speak TLS with it.
type place struct {
	host          string
	ca, cert, key string
}

// environment is variables by name; the last of two counts.
func environment(environ []string) map[string]string {
	env := make(map[string]string, len(environ))
	for _, variable := range environ {
		if name, value, ok := strings.Cut(variable, "="); ok {
			env[name] = value
		}
	}
	return env
}

// locate finds the engine as the docker program does: what stacks.hcl says, then
// DOCKER_HOST, DOCKER_CONTEXT, the current context, the default socket.
func locate(c config, env map[string]string) (place, error) {
	folder := env["DOCKER_CONFIG"]
	if folder == "" && env["HOME"] != "" {
		folder = filepath.Join(env["HOME"], ".docker")
	}
	name := c.Context
	switch {
	case c.Host != "":
		return atHost(c.Host, env, folder)
	case name != "":
	case env["DOCKER_HOST"] != "":
		return atHost(env["DOCKER_HOST"], env, folder)
	case env["DOCKER_CONTEXT"] != "":
		name = env["DOCKER_CONTEXT"]
	default:
		name = currentContext(folder)
	}
	if name == "" || name == "default" {
		return atHost(client.DefaultDockerHost, env, folder)
	}
	return atContext(name, folder)
}

func atHost(host string, env map[string]string, folder string) (place, error) {
	if strings.HasPrefix(host, "ssh://") {
		return place{}, diag.Fail(diag.BuilderCannot, fmt.Errorf("engines over ssh are not available in this version: %s", host),
			"forward the engine's socket with `ssh -L` and name that, or use tcp:// with TLS")
	}
	if !strings.Contains(host, "://") {
		host = "tcp://" + host
	}
	p := place{host: host}
	if env["DOCKER_TLS_VERIFY"] != "" && strings.HasPrefix(host, "tcp://") {
		dir := env["DOCKER_CERT_PATH"]
		if dir == "" {
			dir = folder
		}
		p.ca, p.cert, p.key = filepath.Join(dir, "ca.pem"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	}
	return p, nil
}

// currentContext reads the name that `docker context use` wrote.
func currentContext(folder string) string {
	data, err := os.ReadFile(filepath.Join(folder, "config.json"))
	if err != nil {
		return ""
	}
	var c struct {
		CurrentContext string `json:"currentContext"`
	}
	if json.Unmarshal(data, &c) != nil {
		return "" // credentials are read from the same file, and complain
	}
	return c.CurrentContext
}

// atContext reads a docker context: a folder named by the hash of its name.
func atContext(name, folder string) (place, error) {
	sum := sha256.Sum256([]byte(name))
	id := hex.EncodeToString(sum[:])
	path := filepath.Join(folder, "contexts", "meta", id, "meta.json")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return place{}, diag.Fail(diag.BuilderDown, fmt.Errorf("docker context %q does not exist", name), "`docker context ls` shows those that do")
	}
	var meta struct {
		Endpoints map[string]struct{ Host string }
	}
	if err == nil {
		err = json.Unmarshal(data, &meta)
	}
	if err != nil {
		return place{}, diag.Fail(diag.BuilderDown, fmt.Errorf("read docker context %q: %w", name, err), "")
	}
	p, err := atHost(meta.Endpoints["docker"].Host, nil, "")
	if err != nil {
		return place{}, err
	}
	tls := filepath.Join(folder, "contexts", "tls", id, "docker")
	for file, field := range map[string]*string{"ca.pem": &p.ca, "cert.pem": &p.cert, "key.pem": &p.key} {
		if _, err := os.Stat(filepath.Join(tls, file)); err == nil {
			*field = filepath.Join(tls, file)
		}
	}
	return p, nil
}
