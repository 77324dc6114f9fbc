package cli

import (
	"path/filepath"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/run"
)

// roots remembers where runs were started on this machine.
func (a *app) roots() run.Roots {
	state := a.env("XDG_STATE_HOME")
	if !filepath.IsAbs(state) {
		home := a.env("HOME")
		if !filepath.IsAbs(home) {
			return run.Roots{}
		}
		state = filepath.Join(home, ".local", "state")
	}
	return run.Roots{File: filepath.Join(state, "stack", "roots")}
}

// projects is the source roots that a command without a flow is about: that of
// the working directory, and those below it; with all, every known one.
func (a *app) projects(all bool) ([]string, error) {
	own, err := a.projectRoot(a.Dir)
	if err != nil {
		return nil, err
	}
	out := []string{own}
	for _, root := range a.roots().List() {
		if root != own && (all || strings.HasPrefix(root, filepath.Clean(a.Dir)+string(filepath.Separator)) || a.Dir == "/") {
			out = append(out, root)
		}
	}
	return out, nil
}

// sessionOf opens the project that has the run, and loads its record. The
// working directory's project comes first, then every other on this machine.
func (a *app) sessionOf(id string) (*session, run.Record, error) {
	roots, err := a.projects(true)
	if err != nil {
		return nil, run.Record{}, err
	}
	var first error
	for _, root := range roots {
		store := run.Store{Dir: filepath.Join(root, ".stack", "runs")}
		r, err := store.Load(id)
		if err == nil {
			s, err := a.sessionIn(root, nil)
			return s, r, err
		}
		if first == nil {
			first = err
		}
		if diag.FromError(err)[0].Code != diag.RunNotFound {
			return nil, run.Record{}, err
		}
	}
	return nil, run.Record{}, listsRuns(first)
}

// listsRuns names the command that lists every run, where no run of that name
// was found and none is near it.
func listsRuns(err error) error {
	list := append(diag.List{}, diag.FromError(err)...)
	for i := range list {
		if list[i].Suggestion == "" {
			list[i].Suggestion = "`stack ps -a` lists the runs of every project"
		}
	}
	return list
}
