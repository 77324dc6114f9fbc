package source

// File is a file, folder or link of a tree or of a build context.
type File struct {
	Path    string // slash-separated, relative, never starting with "/" or ".."
	Source  string // absolute path on this machine; empty: Content
	Content []byte // of a file without Source
	Type    FileType
	Exec    bool   // executable; a file's only mode that counts
	Target  string // of a link, as written
	Size    int64  // bytes of content
	Digest  string // SHA-256 of the content, 64 hex digits; of regular files
}

// FileType is regular, directory or link.
type FileType string

const (
	Regular   FileType = "regular"
	Directory FileType = "directory"
	Link      FileType = "link"
)
