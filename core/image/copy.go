package image

import (
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/source"
)

// copyLayer copies files and folders into the image. Each is a folder of the
// build context whose content is copied, so that no name can be a pattern.
type copyLayer struct {
	copies []copied
	asked  []Copy // with absolute paths
}

// copied is one file or folder.
type copied struct {
	files []source.File // relative to where they are copied from
	dst   string        // a folder, relative to the work directory where it is not absolute
}

// readCopy reads what a Copy names. ignore is the user's own file of patterns,
// absolute; empty is the .dockerignore of the folder that is copied.
func readCopy(c Copy, root, ignore string, scan func(source.Options) (*source.Tree, error)) (copied, diag.List) {
	abs := absolute(root, c.Src)
	info, err := os.Stat(abs)
	if err != nil {
		return copied{}, diag.List{diag.New(diag.FileUnreadable, "cannot read %q to copy it: %v", c.Src, cause(err))}
	}
	if info.IsDir() {
		tree, err := scan(source.Options{Root: abs, IgnoreFile: ignore})
		if err != nil {
			return copied{}, diag.FromError(err)
		}
		return copied{files: tree.Files(), dst: folderOf(c.Dst)}, tree.Warnings()
	}
	if !info.Mode().IsRegular() {
		return copied{}, diag.List{diag.New(diag.FileUnreadable, "%q is neither a file nor a folder, so it cannot be copied", c.Src)}
	}
	name, dst := filepath.Base(abs), folderOf(c.Dst)
	if last := path.Base(c.Dst); !strings.HasSuffix(c.Dst, "/") && last != "." && last != ".." {
		name, dst = last, folderOf(path.Dir(c.Dst))
	}
	file, err := source.Read(abs)
	if err != nil {
		return copied{}, diag.FromError(err)
	}
	file.Path = name
	return copied{files: []source.File{file}, dst: dst}, nil
}

// folderOf is a destination as a folder.
func folderOf(dst string) string {
	if dst == "" {
		return "./"
	}
	return strings.TrimSuffix(dst, "/") + "/"
}

// readCopies reads all of a setting.
func (c *compiler) readCopies(all []Copy, at func(i int) []string) copyLayer {
	l := copyLayer{}
	for i, one := range all {
		if folder := c.ownFolder(one.Src); folder != "" {
			c.fail(diag.BadValue, at(i), "%q is in %s, which is copied into no image: it holds secrets and history", one.Src, folder).
				Suggestion = "copy what you need out of it"
			continue
		}
		if secret := c.secretFiles[resolved(absolute(c.options.SourceRoot, one.Src))]; secret != "" {
			c.fail(diag.SecretInPlain, at(i), "%q is what build secret %s is read from, and would be in the image", one.Src, secret).
				Suggestion = "leave the copy away: the secret is in its variable or mount while commands run"
			continue
		}
		read, problems := readCopy(one, c.options.SourceRoot, c.ignore, c.options.scan)
		for _, p := range problems {
			if p.Range == nil {
				p = withRange(p, c.at(at(i)...))
			}
			c.found = append(c.found, p)
		}
		l.copies = append(l.copies, read)
		one.Src = absolute(c.options.SourceRoot, one.Src)
		l.asked = append(l.asked, one)
	}
	return l
}

// ownFolder is the .stack or .git that src is in, or empty.
func (c *compiler) ownFolder(src string) string {
	root := c.options.SourceRoot
	for _, abs := range []string{absolute(root, src), resolved(absolute(root, src))} {
		for _, base := range []string{root, resolved(root)} {
			rel, err := filepath.Rel(base, abs)
			if err != nil {
				continue
			}
			for _, name := range strings.Split(filepath.ToSlash(rel), "/") {
				if name == ".stack" || name == ".git" {
					return name
				}
			}
		}
	}
	return ""
}

// resolved is path without links on its way, as far as it is there.
func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

func (l copyLayer) input() part {
	p := newPart("copy", filesPart)
	p.count(len(l.copies))
	for _, c := range l.copies {
		p.text(c.dst)
		p.text(source.Digest(c.files))
		for _, f := range c.files {
			f.Path = c.dst + f.Path
			p.show(fileLine(f))
		}
	}
	return p
}

func (l copyLayer) render(r *renderer) {
	r.blank()
	for _, c := range l.copies {
		from := r.folder("copy")
		r.files = append(r.files, source.File{Path: from, Type: source.Directory})
		for _, f := range c.files {
			f.Path = from + "/" + f.Path
			r.files = append(r.files, f)
		}
		r.line("COPY " + array(from+"/", word(c.dst)))
	}
}
