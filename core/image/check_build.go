package image

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/stackrun/stack/core/diag"
)

// buildOptions checks the options of a build that are not arguments or labels.
func (c *checker) buildOptions(setting, network string, hosts Hosts, from, to Texts) {
	switch network {
	case "", "default", "none", "host":
	default:
		c.fail(diag.BadValue, []string{setting, "network"}, "network %q does not exist", network).Suggestion = "one of default, none, host"
	}
	for _, name := range sortedKeys(hosts) {
		at := []string{setting, "extra_hosts", name}
		address := strings.Trim(hosts[name], "[]")
		if _, err := netip.ParseAddr(address); err != nil && address != "host-gateway" {
			c.fail(diag.BadValue, at, "%q is not an IP address", hosts[name])
		}
		if !hostShape().MatchString(name) {
			c.fail(diag.BadName, at, "%q cannot be the name of a host", name)
		}
	}
	for _, list := range []struct {
		name   string
		caches Texts
	}{{"cache_from", from}, {"cache_to", to}} {
		for i, cache := range list.caches {
			at := []string{setting, list.name, strconv.Itoa(i)}
			if strings.TrimSpace(cache) == "" || strings.ContainsFunc(cache, isControl) {
				c.fail(diag.BadValue, at, "the layer cache is not named")
				continue
			}
			c.secret(at, "the layer cache", cache)
		}
	}
}

// options is the other keys of `build` and `dockerfile_build`, as builders are
// told of them.
func options(network string, hosts Hosts, from, to Texts, shm int64) map[string]any {
	all := map[string]any{}
	if network != "" && network != "default" {
		all["network"] = network
	}
	if len(hosts) > 0 {
		var list []any
		for _, name := range sortedKeys(hosts) {
			list = append(list, name+":"+strings.Trim(hosts[name], "[]"))
		}
		all["extra_hosts"] = list
	}
	for name, caches := range map[string]Texts{"cache_from": from, "cache_to": to} {
		var list []any
		for _, c := range caches {
			list = append(list, c)
		}
		if list != nil {
			all[name] = list
		}
	}
	if shm > 0 {
		all["shm_size"] = shm
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

func (b *BuildOptions) options() map[string]any {
	if b == nil {
		return nil
	}
	return options(b.Network, b.ExtraHosts, b.CacheFrom, b.CacheTo, int64(b.ShmSize))
}

func (b *DockerfileBuild) options() map[string]any {
	if b == nil {
		return nil
	}
	return options(b.Network, b.ExtraHosts, b.CacheFrom, b.CacheTo, int64(b.ShmSize))
}

// optionsPart is the options that can change what a build makes, which its
// caches and its memory cannot.
func optionsPart(name string, all map[string]any) (part, bool) {
	p := newPart(name, linesPart)
	for _, key := range []string{"extra_hosts", "network"} {
		switch v := all[key].(type) {
		case string:
			p.text(key)
			p.text(v)
			p.show(key + " " + v)
		case []any:
			p.text(key)
			p.count(len(v))
			for _, item := range v {
				text, _ := item.(string)
				p.text(text)
				p.show(text)
			}
		}
	}
	return p, len(p.lines) > 0
}
