package image

import "github.com/stackrun/stack/core/source"

// Stage is an image rendered for a builder that speaks Dockerfile: one
// Dockerfile and the files that it may read. An image has one stage, or two
// where the user's own Dockerfile is built first and settings go on top.
type Stage struct {
	Dockerfile []byte
	// Base is set on a stage that starts from the one before: the name that its
	// FROM uses for it.
	Base    string
	Files   []source.File
	Args    map[string]string
	Target  string
	Options map[string]any // other keys of image.build, as their JSON types
	Pull    bool           // ask the registry for the base even if it is here
}
