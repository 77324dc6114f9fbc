package stackfile

import (
	"encoding/json"
	"path/filepath"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/sdk"
)

// BuilderBlock is what every image_builder block takes beside what its builder
// declares.
func BuilderBlock() sdk.Block {
	return sdk.Block{Attributes: []sdk.Attribute{
		{Name: "ca_bundle", Type: "string", Doc: "PEM file with the certificates that installs trust, relative to stacks.hcl. It reaches no layer."},
		{Name: "proxy", Type: "any", Doc: "Proxy of installs: a URL for http and https, or a map of http, https, no and all. It reaches no layer."},
	}}
}

// BuilderConfig is an image_builder block that was checked.
type BuilderConfig struct {
	CABundle string            // absolute path, or empty
	Proxy    map[string]string // HTTP_PROXY, HTTPS_PROXY, NO_PROXY, ALL_PROXY; nil without one
	Config   json.RawMessage   // the rest, for the builder
}

// Builder checks the image_builder block against BuilderBlock and own, what the
// builder itself declares. Without a block it gives the builder's defaults.
func (s *Stack) Builder(own sdk.Block) (BuilderConfig, diag.List) {
	c := s.ImageBuilder
	if c == nil {
		config, list := CheckSettings(nil, own)
		return BuilderConfig{Config: config}, list
	}
	common := BuilderBlock()
	all := own
	all.Attributes = append(append([]sdk.Attribute(nil), own.Attributes...), common.Attributes...)
	config, list := CheckComponent(c, all)
	out := BuilderConfig{}
	if ca := c.Config.Get("ca_bundle"); ca != nil && ca.Kind == settings.Scalar && ca.Text != "" {
		out.CABundle = filepath.FromSlash(ca.Text)
		if !filepath.IsAbs(out.CABundle) {
			out.CABundle = filepath.Join(s.Dir, out.CABundle)
		}
	}
	proxy, problems := readProxy(c.Config.Get("proxy"))
	out.Proxy = proxy
	list = append(list, problems...)
	if list.HasErrors() {
		return out, list
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(config, &fields); err != nil {
		return out, append(list, diag.At(c.Range, diag.Internal, "%s was checked and cannot be read: %v", c, err))
	}
	for _, a := range common.Attributes {
		delete(fields, a.Name)
	}
	rest, err := json.Marshal(fields)
	if err != nil {
		return out, append(list, diag.At(c.Range, diag.Internal, "%s was checked and cannot be encoded: %v", c, err))
	}
	out.Config = rest
	return out, list
}

func readProxy(v *settings.Value) (map[string]string, diag.List) {
	if v == nil || v.Kind == settings.Null || v.Kind == settings.Scalar && v.Text == "" {
		return nil, nil
	}
	if v.Kind == settings.Scalar {
		return map[string]string{"HTTP_PROXY": v.Text, "HTTPS_PROXY": v.Text}, nil
	}
	names := []string{"http", "https", "no", "all"}
	if v.Kind != settings.Map {
		return nil, diag.List{diag.At(v.Range, diag.WrongType, "proxy must be a URL, or a map of %s", strings.Join(names, ", "))}
	}
	out := map[string]string{}
	var list diag.List
	for _, e := range v.Entries {
		name := strings.TrimSuffix(strings.ToLower(e.Key), "_proxy")
		switch {
		case !contains(names, name):
			list = append(list, unknownField(e.Range, e.Key, names))
		case e.Value.Kind != settings.Scalar:
			list = append(list, diag.At(e.Value.Range, diag.WrongType, "proxy %s must be a string", e.Key))
		default:
			out[strings.ToUpper(name)+"_PROXY"] = e.Value.Text
		}
	}
	return out, list
}
