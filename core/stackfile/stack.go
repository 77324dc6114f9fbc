package stackfile

import (
	"encoding/json"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

// Stack is one stack with everything that it inherits, evaluated. It is not
// changed once made.
type Stack struct {
	Name  string
	Range diag.Range // of the block's header
	Dir   string     // absolute folder of the file; paths in it are relative to this. Empty for a built-in stack without a file

	// The component blocks, nil where the stack has none. Orchestrator is never
	// nil in a stack that was resolved without errors.
	Orchestrator      *Component
	ImageBuilder      *Component
	ContainerRegistry *Component
	ArtifactStore     *Component
	SecretStore       *Component
	CodeRepository    *Component

	// What this package itself understands of the components above, already
	// checked. nil where there is no such block, and Registry also where its
	// uri is empty: images then stay in the builder's own store.
	Registry *Registry
	Store    *ArtifactStore
	Code     *CodeRepository
	Secrets  SecretStore // type "env" where there is no block

	// Defaults are the `defaults` blocks of the stack and of what it inherits,
	// the one whose word counts most first, each a Map of layer Stack.
	Defaults []*settings.Value

	// Requirements and AptPackages are those of the stack and of its component
	// blocks, scalars, in that order.
	Requirements []*settings.Value
	AptPackages  []*settings.Value

	Integrations    []Integration // of the file, by name
	RequiredPlugins []RequiredPlugin
	RegistryMirrors []Mirror

	sensitive map[diag.Range]bool
}

// Component is a component block of a stack, merged over what it inherits.
type Component struct {
	Kind  string     // orchestrator, image_builder, container_registry, ...
	Type  string     // the block's label, such as "vertex"; empty for kinds without one
	Range diag.Range // of the header of the nearest block

	// Config is the block's content, a Map of layer Stack. Every value has its
	// place in the file; Overrode holds what it replaced of inherited blocks.
	Config *settings.Value

	layers    []*settings.Value // the blocks that Config is made of, the least first
	sensitive map[diag.Range]bool
}

// String is the block's header, such as `orchestrator "vertex"`.
func (c *Component) String() string {
	if c.Type == "" {
		return c.Kind
	}
	return c.Kind + ` "` + c.Type + `"`
}

// Registry is where images are pushed.
type Registry struct {
	URI               string // without scheme and tag, such as us-docker.pkg.dev/acme/ml
	DefaultRepository string // repository under URI for images that name none
	PlainHTTP         bool
}

// ArtifactStore is where outputs and code archives are kept.
type ArtifactStore struct {
	URL string // with a scheme; a path in the file has become a file URL
}

// CodeRepository is where steps can fetch the flow's commit from.
type CodeRepository struct {
	Type                 string // git
	URL                  string
	Secret               string // name of a secret with credentials, or empty
	IgnoreUntrackedFiles bool
}

// SecretStore is where secrets are looked up by name.
type SecretStore struct {
	Type   string          // env, kubernetes, gcp, aws or azure
	Config json.RawMessage // an object
	Range  *diag.Range     // nil where the stack has no block
}

// Integration is a named set of packages that images ask for by
// required_integrations.
type Integration struct {
	Name         string
	Range        diag.Range
	Requirements []*settings.Value // scalars
	AptPackages  []*settings.Value // scalars
}

// RequiredPlugin is a plugin that the file names.
type RequiredPlugin struct {
	Name    string
	Source  string
	Version string
	Env     []string // names of the caller's variables that the plugin may see
	Range   diag.Range
}

// Mirror serves the images of a registry from another place.
type Mirror struct {
	Registry string // docker.io
	Mirror   string // mirror.corp/hub
	Range    diag.Range
}

// Listed is a stack as `stack stacks list` shows it.
type Listed struct {
	Name        string
	Description string
	Abstract    bool
	Default     bool
	Builtin     bool
	Inherits    []string
	Components  []*Component // inherited ones too; without Config
	Range       diag.Range
}
