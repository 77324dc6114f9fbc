package stackfile

import (
	"encoding/json"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/sdk"
)

// RegistryBlock is the schema of container_registry blocks.
func RegistryBlock() sdk.Block {
	return sdk.Block{Doc: "Where images are pushed.", Attributes: []sdk.Attribute{
		{Name: "uri", Type: "string", Required: true, Doc: "Host and path, such as us-docker.pkg.dev/acme/ml. Empty keeps images in the builder's own store."},
		{Name: "default_repository", Type: "string", Doc: "Repository below uri for images that name none."},
		{Name: "plain_http", Type: "bool", Default: json.RawMessage("false"), Doc: "The registry speaks HTTP without TLS."},
	}}
}

// ArtifactStoreBlock is the schema of artifact_store blocks.
func ArtifactStoreBlock() sdk.Block {
	return sdk.Block{Doc: "Where outputs and code archives are kept.", Attributes: []sdk.Attribute{
		{Name: "url", Type: "string", Required: true, Doc: "A URL, such as gs://bucket/stack, or a folder, relative to stacks.hcl."},
	}}
}

// CodeRepositoryBlock is the schema of code_repository blocks; ok is false for
// a type that does not exist.
func CodeRepositoryBlock(typ string) (block sdk.Block, ok bool) {
	return sdk.Block{Doc: "Where steps can fetch the flow's commit from.", Attributes: []sdk.Attribute{
		{Name: "url", Type: "string", Required: true, Doc: "What git clones."},
		{Name: "secret", Type: "string", Doc: "Name of a secret with credentials."},
		{Name: "ignore_untracked_files", Type: "bool", Default: json.RawMessage("false"), Doc: "Files that git does not know do not keep code from being fetched by commit."},
	}}, typ == "git"
}

// SecretStoreTypes are the types of secret stores.
func SecretStoreTypes() []string { return []string{"env", "kubernetes", "gcp", "aws", "azure"} }

// SecretStoreBlock is the schema of secret_store blocks of a type; ok is false
// for a type that does not exist.
func SecretStoreBlock(typ string) (block sdk.Block, ok bool) {
	text := func(name, doc string, required bool) sdk.Attribute {
		return sdk.Attribute{Name: name, Type: "string", Doc: doc, Required: required}
	}
	switch typ {
	case "env":
		return sdk.Block{Doc: "The caller's environment."}, true
	case "kubernetes":
		return sdk.Block{Doc: "Secrets of a cluster.", Attributes: []sdk.Attribute{
			text("namespace", "Namespace of the secrets.", false), text("context", "Context of the kubeconfig.", false)}}, true
	case "gcp":
		return sdk.Block{Doc: "Google Secret Manager.", Attributes: []sdk.Attribute{
			text("project", "Project of the secrets.", false), text("prefix", "Put before every name.", false)}}, true
	case "aws":
		return sdk.Block{Doc: "AWS Secrets Manager.", Attributes: []sdk.Attribute{
			text("region", "Region of the secrets.", false), text("prefix", "Put before every name.", false)}}, true
	case "azure":
		return sdk.Block{Doc: "Azure Key Vault.", Attributes: []sdk.Attribute{
			text("vault", "Name or URL of the vault.", true)}}, true
	}
	return sdk.Block{}, false
}

// own checks the components whose schema is here and reads what they say.
func (s *scope) own(out *Stack) {
	out.Secrets = SecretStore{Type: "env", Config: json.RawMessage("{}")}
	if c := out.ContainerRegistry; c != nil {
		var r struct {
			URI               string `json:"uri"`
			DefaultRepository string `json:"default_repository"`
			PlainHTTP         bool   `json:"plain_http"`
		}
		if s.decode(c, RegistryBlock(), &r) && r.URI != "" {
			out.Registry = s.registry(c, &Registry{strings.TrimSuffix(r.URI, "/"), r.DefaultRepository, r.PlainHTTP})
		}
	}
	if c := out.ArtifactStore; c != nil {
		var a struct {
			URL string `json:"url"`
		}
		if s.decode(c, ArtifactStoreBlock(), &a) {
			if location := s.storeURL(c, a.URL); location != "" {
				out.Store = &ArtifactStore{URL: location}
			}
		}
	}
	if c := out.CodeRepository; c != nil {
		block, ok := CodeRepositoryBlock(c.Type)
		if !ok {
			s.unknownType(c, []string{"git"})
		}
		var g struct {
			URL    string `json:"url"`
			Secret string `json:"secret"`
			Ignore bool   `json:"ignore_untracked_files"`
		}
		switch {
		case !ok || !s.decode(c, block, &g):
		case hasPassword(g.URL):
			s.report(diag.At(RangeOf(c, []string{"url"}), diag.SecretInPlain, "url of code_repository holds a password").
				Because("It would be in plans and run records.").Try("keep it in the secret store, and name it with secret"))
		default:
			out.Code = &CodeRepository{c.Type, g.URL, g.Secret, g.Ignore}
		}
	}
	if c := out.SecretStore; c != nil {
		block, ok := SecretStoreBlock(c.Type)
		if !ok {
			s.unknownType(c, SecretStoreTypes())
			return
		}
		config, list := CheckComponent(c, block)
		s.list = append(s.list, list...)
		at := c.Range
		out.Secrets = SecretStore{Type: c.Type, Config: config, Range: &at}
	}
}

func (s *scope) unknownType(c *Component, types []string) {
	s.report(diag.At(c.Range, diag.StackComponent, "there is no %s of type %q", c.Kind, c.Type).
		Because("Types: %s.", strings.Join(types, ", ")).Try(diag.DidYouMean(c.Type, types)))
}

// decode checks a component and reads it into out, a struct with JSON tags.
func (s *scope) decode(c *Component, block sdk.Block, out any) bool {
	config, list := CheckComponent(c, block)
	s.list = append(s.list, list...)
	if list.HasErrors() {
		return false
	}
	if err := json.Unmarshal(config, out); err != nil {
		s.report(diag.At(c.Range, diag.Internal, "%s was checked and cannot be read: %v", c, err))
		return false
	}
	return true
}

func (s *scope) registry(c *Component, r *Registry) *Registry {
	if problem := badRepository(r.URI); problem != "" {
		at := RangeOf(c, []string{"uri"})
		d := diag.At(at, diag.BadValue, "registry cannot be %q", r.URI).Because("%s", problem)
		if s.sensitive[at] || strings.Contains(r.URI, "@") {
			d.Summary = "uri is not a registry"
			s.report(d)
			return nil
		}
		if _, rest, ok := strings.Cut(r.URI, "://"); ok && badRepository(rest) == "" {
			d = d.Try("write \"" + rest + "\"")
			if strings.HasPrefix(r.URI, "http://") {
				d = d.Try("write \"" + rest + "\", and plain_http = true")
			}
		}
		s.report(d)
		return nil
	}
	if name := r.DefaultRepository; name != "" && (badRepository("host/"+name) != "" || strings.HasPrefix(name, "/") || strings.HasSuffix(name, "/")) {
		s.report(diag.At(RangeOf(c, []string{"default_repository"}), diag.BadValue, "default_repository is not the path of a repository").
			Because("It is a path below uri, such as team/churn."))
		return nil
	}
	return r
}

// storeURL is the URL of an artifact store; a folder becomes a file URL.
func (s *scope) storeURL(c *Component, text string) string {
	at := RangeOf(c, []string{"url"})
	fail := func(why string) string {
		s.report(diag.At(at, diag.BadValue, "url is not the place of an artifact store").Because("%s", why))
		return ""
	}
	if text == "" {
		return fail("It is a URL, such as gs://bucket/stack, or a folder.")
	}
	scheme, _, ok := strings.Cut(text, "://")
	if !ok {
		if !filepath.IsAbs(text) {
			text = filepath.Join(s.file.dir, filepath.FromSlash(text))
		}
		return (&url.URL{Scheme: "file", Path: filepath.ToSlash(text)}).String()
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || scheme == "":
		return fail("It is a URL, such as gs://bucket/stack, or a folder.")
	case hasPassword(text):
		s.report(diag.At(at, diag.SecretInPlain, "url of artifact_store holds a password").
			Because("It would be in plans and run records. Steps get credentials from the platform."))
		return ""
	case u.Scheme != "file" && u.Host == "":
		return fail("It names no bucket or container, as in gs://bucket/stack.")
	case u.Scheme == "file" && (u.Host != "" || !strings.HasPrefix(u.Path, "/")):
		return fail("A file URL has three slashes and an absolute path, as in file:///srv/stack.")
	}
	return text
}

// hasPassword reports whether a URL has one, as in https://me:password@host/.
func hasPassword(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.User == nil {
		return false
	}
	_, has := u.User.Password()
	return has
}
