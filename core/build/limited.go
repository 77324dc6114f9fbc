package build

import "context"

// limited lets as many makers run at one time as there are slots.
func limited(slots chan struct{}, next maker) maker {
	return func(ctx context.Context, j Job) (Outcome, error) {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return Outcome{}, ctx.Err()
		}
		defer func() { <-slots }()
		if err := ctx.Err(); err != nil { // both were ready
			return Outcome{}, err
		}
		return next(ctx, j)
	}
}
