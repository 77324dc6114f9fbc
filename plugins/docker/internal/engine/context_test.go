package engine

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
)

func TestContextHost(t *testing.T) {
	tests := []struct {
		name  string
		env   map[string]string
		files map[string]string // the end of a path
		want  string
		fails bool
	}{
		{"no configuration", nil, nil, "", false},
		{"no context", nil, map[string]string{"config.json": `{"auths":{}}`}, "", false},
		{"the default", nil, map[string]string{"config.json": `{"currentContext":"default"}`}, "", false},
		{"a context", nil, map[string]string{"config.json": `{"currentContext":"colima"}`, // The folder is the SHA-256 of the context's name.
			"contexts/meta/f24fd3749c1368328e2b149bec149cb6795619f244c5b584e844961215dadd16/meta.json": `{"Name":"colima","Endpoints":{"docker":{"Host":"unix:///c.sock"}}}`}, "unix:///c.sock", false},
		{"by variable", map[string]string{"DOCKER_CONTEXT": "x"}, map[string]string{"meta.json": `{"Endpoints":{"docker":{"Host":"tcp://h:1"}}}`}, "tcp://h:1", false},
		{"one that does not exist", nil, map[string]string{"config.json": `{"currentContext":"gone"}`}, "", true},
		{"one without an engine", nil, map[string]string{"config.json": `{"currentContext":"k"}`, "meta.json": `{"Endpoints":{}}`}, "", true},
		{"a damaged file", nil, map[string]string{"config.json": `{`}, "", true},
	}
	for _, tt := range tests {
		getenv := func(name string) string {
			if name == "HOME" {
				return "/home/me"
			}
			return tt.env[name]
		}
		read := func(path string) ([]byte, error) {
			for end, text := range tt.files {
				if strings.HasPrefix(path, "/home/me/.docker/") && strings.HasSuffix(path, end) {
					return []byte(text), nil
				}
			}
			return nil, fmt.Errorf("open %s: %w", path, fs.ErrNotExist)
		}
		got, err := contextHost(getenv, read)
		if got != tt.want || (err != nil) != tt.fails {
			t.Errorf("%s: %q, %v", tt.name, got, err)
		}
	}
}
