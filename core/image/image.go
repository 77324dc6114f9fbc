package image

// Image is an immutable description of an image.
type Image struct{}

// Action is what a plan does about an image.
type Action string

const (
	ActionBuild Action = "build" // build it, or reuse it by its key
	ActionUse   Action = "use"   // take it as it is
)

// Dialect is what a builder's Dockerfile frontend can do.
type Dialect struct {
	CacheMounts bool // RUN --mount=type=cache
	BindMounts  bool // RUN --mount=type=bind
}

// BuildKit is the dialect of every BuildKit since Docker 20.10.
func BuildKit() Dialect { return Dialect{CacheMounts: true, BindMounts: true} }

func (im Image) Action() Action                              { return "" }
func (im Image) References() []string                        { return nil }
func (im Image) Pin(digests map[string]string) Image         { return im }
func (im Image) Platforms() []string                         { return nil }
func (im Image) Key() (key string, inputs Inputs, err error) { return "", nil, nil }
func (im Image) Stages(d Dialect) ([]Stage, error)           { return nil, nil }
func (im Image) Dockerfile(d Dialect) string                 { return "" }
func (im Image) Environment() map[string]string              { return nil }
func (im Image) Base() (reference, digest string)            { return "", "" }
