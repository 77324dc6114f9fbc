package builder

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	bkclient "github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/entitlements"

	"github.com/stackrun/stack/core/diag"
)

// stageOptions is the keys of image.build that a build of a stage takes beside
// its arguments, labels and target.
type stageOptions struct {
	cacheFrom []bkclient.CacheOptionsEntry
	cacheTo   []bkclient.CacheOptionsEntry
	shmSize   int64  // bytes; 0 is the engine's default
	network   string // none or host; empty is the engine's default
	hosts     []string
}

// buildOptions is all that Describe tells.
func buildOptions() []string {
	return []string{"args", "cache_from", "cache_to", "extra_hosts", "labels", "network", "no_cache", "pull", "shm_size", "target"}
}

// readOptions reads a stage's options. Not one of them is ignored: what is not
// known, or not understood, is an error.
func readOptions(values map[string]any) (stageOptions, error) {
	var o stageOptions
	for _, key := range slices.Sorted(maps.Keys(values)) {
		value, err := values[key], error(nil)
		switch key {
		case "cache_from":
			o.cacheFrom, err = caches(value, cacheReads())
		case "cache_to":
			o.cacheTo, err = caches(value, cacheWrites())
		case "shm_size":
			o.shmSize, err = size(value)
		case "network":
			o.network, err = network(value)
		case "extra_hosts":
			o.hosts, err = hosts(value)
		default:
			return stageOptions{}, diag.Fail(diag.BuilderCannot, fmt.Errorf("the docker builder does not know the build option %q", key), "remove it")
		}
		if err != nil {
			return stageOptions{}, diag.Fail(diag.BadValue, fmt.Errorf("build option %s: %w", key, err), "")
		}
	}
	return o, nil
}

// apply adds the options to those of a build. insecure is a registry that
// speaks plain HTTP.
func (o stageOptions) apply(solve *bkclient.SolveOpt, insecure string) {
	if o.shmSize > 0 {
		solve.FrontendAttrs["shm-size"] = strconv.FormatInt(o.shmSize, 10)
	}
	if o.network != "" {
		solve.FrontendAttrs["force-network-mode"] = o.network
	}
	if o.network == "host" {
		solve.AllowedEntitlements = append(solve.AllowedEntitlements, entitlements.EntitlementNetworkHost.String())
	}
	if len(o.hosts) > 0 {
		solve.FrontendAttrs["add-hosts"] = strings.Join(o.hosts, ",")
	}
	solve.CacheImports = plainly(o.cacheFrom, insecure)
	solve.CacheExports = plainly(o.cacheTo, insecure)
}

// plainly marks the caches in a registry that speaks plain HTTP.
func plainly(entries []bkclient.CacheOptionsEntry, insecure string) []bkclient.CacheOptionsEntry {
	var out []bkclient.CacheOptionsEntry
	for _, e := range entries {
		e.Attrs = maps.Clone(e.Attrs)
		if insecure != "" && registryOf(e.Attrs["ref"]) == insecure {
			e.Attrs["registry.insecure"] = "true"
		}
		out = append(out, e)
	}
	return out
}

// registryOf is the registry of a reference; empty where it cannot be read.
func registryOf(reference string) string {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return ""
	}
	return ref.Context().RegistryStr()
}

// cacheReads and cacheWrites are the kinds of cache that engines can have, with
// what can be said of each.
func cacheReads() map[string][]string { return map[string][]string{"registry": {"ref"}} }

func cacheWrites() map[string][]string {
	return map[string][]string{
		"inline": {},
		"registry": {"ref", "mode", "compression", "compression-level", "force-compression", "ignore-error",
			"image-manifest", "oci-mediatypes"},
	}
}

// caches reads entries, each the reference of an image or type=…,key=value.
func caches(value any, kinds map[string][]string) ([]bkclient.CacheOptionsEntry, error) {
	entries, err := texts(value)
	if err != nil {
		return nil, err
	}
	var out []bkclient.CacheOptionsEntry
	for _, text := range entries {
		entry, err := cache(text, kinds)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
		out = append(out, entry)
	}
	return out, nil
}

func cache(text string, kinds map[string][]string) (bkclient.CacheOptionsEntry, error) {
	entry := bkclient.CacheOptionsEntry{Type: "registry", Attrs: map[string]string{}}
	fields, err := csv.NewReader(strings.NewReader(text)).Read()
	if err != nil {
		return entry, errors.New("it is neither an image reference nor a list such as type=registry,ref=…")
	}
	if len(fields) == 1 && !strings.Contains(fields[0], "=") {
		fields = []string{"ref=" + fields[0]}
	}
	for _, field := range fields {
		key, value, ok := strings.Cut(field, "=")
		key = strings.ToLower(strings.TrimSpace(key))
		switch {
		case !ok:
			return entry, fmt.Errorf("%q is not key=value", field)
		case key == "type":
			entry.Type = strings.ToLower(value)
		default:
			entry.Attrs[key] = value
		}
	}
	known, ok := kinds[entry.Type]
	if !ok {
		return entry, fmt.Errorf("type %q is not one of %s", entry.Type, strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
	}
	for _, key := range slices.Sorted(maps.Keys(entry.Attrs)) {
		if !slices.Contains(known, key) {
			return entry, fmt.Errorf("type %s takes no %q", entry.Type, key)
		}
	}
	if mode := entry.Attrs["mode"]; mode != "" && mode != "min" && mode != "max" {
		return entry, fmt.Errorf("mode %q is neither min nor max", mode)
	}
	if entry.Type == "registry" {
		if _, err := name.ParseReference(entry.Attrs["ref"]); err != nil {
			return entry, errors.New("ref is not an image reference")
		}
	}
	return entry, nil
}

// size reads bytes. A number that came over the wire is a float.
func size(value any) (int64, error) {
	var n int64
	switch v := value.(type) {
	case int64:
		n = v
	case int:
		n = int64(v)
	case float64:
		if v != math.Trunc(v) || math.Abs(v) > 1<<53 {
			return 0, fmt.Errorf("%v is not a number of bytes", v)
		}
		n = int64(v)
	case json.Number:
		parsed, err := v.Int64()
		if err != nil {
			return 0, fmt.Errorf("%q is not a number of bytes", v)
		}
		n = parsed
	default:
		return 0, fmt.Errorf("%v is not a number of bytes", value)
	}
	if n <= 0 {
		return 0, fmt.Errorf("%d bytes is not more than nothing", n)
	}
	return n, nil
}

func network(value any) (string, error) {
	switch value {
	case "default":
		return "", nil
	case "none", "host":
		return value.(string), nil
	}
	return "", fmt.Errorf("%v is not one of default, none, host", value)
}

// hosts reads name:ip as BuildKit takes it.
func hosts(value any) ([]string, error) {
	entries, err := texts(value)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, text := range entries {
		host, address, ok := strings.Cut(text, ":")
		if !ok || host == "" || strings.ContainsAny(host, `=," `) {
			return nil, fmt.Errorf("%q is not name:ip", text)
		}
		ip := net.ParseIP(strings.TrimSuffix(strings.TrimPrefix(address, "["), "]"))
		if ip == nil {
			return nil, fmt.Errorf("%q is not name:ip: %q is no address", text, address)
		}
		out = append(out, host+"="+ip.String())
	}
	return out, nil
}

// texts is a list of texts, as it is in memory or after JSON.
func texts(value any) ([]string, error) {
	switch v := value.(type) {
	case []string:
		return v, nil
	case []any:
		var out []string
		for _, e := range v {
			text, ok := e.(string)
			if !ok {
				return nil, fmt.Errorf("%v is not a text", e)
			}
			out = append(out, text)
		}
		return out, nil
	}
	return nil, fmt.Errorf("%v is not a list of texts", value)
}
