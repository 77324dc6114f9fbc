// Package python asks the Python tools of this machine what a project or an
// environment needs: uv and poetry for a project's requirements, uv and pip for
// what is installed. It also finds the file that says what a folder needs, and
// tells whether a lock still fits its project.
//
// Nothing is ever written into the user's project: a tool that would write a
// lock works in a copy. What comes back is read by core/requirement, has no
// path of this machine in it, and is the same text on every machine for the
// same project and lock. A tool that fails is a *diag.Failure with its own last
// words. Whether what it names can be installed is the build's business.
package python
