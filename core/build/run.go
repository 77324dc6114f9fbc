package build

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"sync"
	"time"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
)

// Options is how Run builds.
type Options struct {
	Builder  Builder
	Registry Registry // asked for jobs that push
	Locks    string   // folder of lock files, made when it is missing
	Parallel int      // builds at one time; 0 is the number of processors, at least 2
	// Progress is called for every change of every build, from one goroutine at
	// a time. nil is allowed.
	Progress func(Progress)
	// Finished is called with each outcome as soon as it is there, from one
	// goroutine at a time, so that what succeeded is kept whatever comes after.
	// Its error stops the run. nil is allowed.
	Finished func(Outcome) error
	Now      func() time.Time // nil is time.Now
}

// Run makes every job's image exist and gives the outcomes in the order of the
// jobs. An image that exists is reused, jobs of one key and destination are one
// job, and others run side by side. The first failure cancels the builds beside
// it: what they did stays in the builder's layer cache. The error tells every
// failure, not the cancelled ones; a cancelled ctx is ctx.Err().
func Run(ctx context.Context, jobs []Job, o Options) ([]Outcome, error) {
	o = o.withDefaults()
	slots := make(chan struct{}, o.Parallel)
	making := reused(o, eachPlatform(o, func(o Options) maker {
		return limited(slots, verified(o, building(o)))
	}))
	making = singleFlight(o, making)

	unique, index := join(jobs)
	outcomes := make([]Outcome, len(unique))
	working, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	var mu sync.Mutex // of failures and Finished
	var failures []error
	for i, j := range unique {
		wg.Add(1)
		go func() {
			defer wg.Done()
			started := o.Now()
			out, err := making(working, labelled(j))
			out.Key, out.Reference, out.Steps, out.Inputs = j.Request.Key, j.Request.Destination, j.Steps, j.Inputs
			out.Started, out.Ended, out.Err = started, o.Now(), err
			mu.Lock()
			defer mu.Unlock()
			if err == nil && o.Finished != nil {
				if err = o.Finished(out); err != nil {
					out.Err = err
				}
			}
			outcomes[i] = out
			if err == nil {
				return
			}
			if working.Err() != nil {
				outcomes[i].Err = context.Canceled // it was stopped, it did not fail
				if ctx.Err() == nil && !stopped(err) {
					outcomes[i].Err = err
					failures = append(failures, err)
				}
				return
			}
			failures = append(failures, err)
			cancel()
		}()
	}
	wg.Wait()
	all := make([]Outcome, len(jobs))
	for i := range jobs {
		all[i] = outcomes[index[i]]
	}
	if ctx.Err() != nil {
		return all, ctx.Err()
	}
	return all, joined(failures)
}

func (o Options) withDefaults() Options {
	if o.Parallel <= 0 {
		o.Parallel = max(2, runtime.NumCPU())
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	progress := o.Progress
	var mu sync.Mutex
	o.Progress = func(p Progress) {
		if progress != nil {
			mu.Lock()
			defer mu.Unlock()
			progress(p)
		}
	}
	return o
}

// join makes jobs of one key and destination one job, with the steps and extra
// tags of all, and says for each job which one it became.
func join(jobs []Job) (unique []Job, index []int) {
	at := map[string]int{}
	for _, j := range jobs {
		id := j.Request.Key + " " + j.Request.Destination
		i, known := at[id]
		if !known {
			i = len(unique)
			at[id] = i
			unique = append(unique, j)
		} else {
			u := &unique[i]
			u.Steps = union(u.Steps, j.Steps)
			u.Request.ExtraTags = union(u.Request.ExtraTags, j.Request.ExtraTags)
			u.Force = u.Force || j.Force
			u.Request.NoCache = u.Request.NoCache || j.Request.NoCache
		}
		index = append(index, i)
	}
	return unique, index
}

func union(a, b []string) []string {
	out := append([]string(nil), a...)
	seen := map[string]bool{}
	for _, s := range a {
		seen[s] = true
	}
	for _, s := range b {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// labelled is j with the labels by which its image is known again.
func labelled(j Job) Job {
	labels := j.Inputs.Labels()
	maps.Copy(labels, j.Request.Labels)
	labels[image.KeyLabel] = j.Request.Key
	j.Request.Labels = labels
	return j
}

// stopped reports whether err only says that the work was cancelled.
func stopped(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// joined is one error for all failures.
func joined(failures []error) error {
	switch len(failures) {
	case 0:
		return nil
	case 1:
		return failures[0]
	}
	var list diag.List
	for _, err := range failures {
		list = append(list, diag.FromError(err)...)
	}
	return list
}

// building is the innermost maker: the builder itself.
func building(o Options) maker {
	return func(ctx context.Context, j Job) (Outcome, error) {
		r, err := o.Builder.Build(ctx, j.Request, func(p Progress) {
			p.Key = j.Request.Key
			o.Progress(p)
		})
		if err != nil {
			return Outcome{}, fmt.Errorf("build image %s: %w", j.Request.Destination, err)
		}
		return Outcome{Action: Built, Reasons: why(j), Digest: r.Digest, LocalID: r.LocalID, Warnings: r.Warnings}, nil
	}
}

// why is the reasons for building j.
func why(j Job) []string {
	reasons := image.Reasons(j.Previous, j.Inputs)
	switch {
	case j.Force:
		return append([]string{"prevent_build_reuse"}, reasons...)
	case len(j.Reasons) > 0:
		return j.Reasons
	case len(reasons) == 0:
		return []string{"no image with this key exists"}
	}
	return reasons
}
