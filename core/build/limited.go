package build

import "context"

// limited lets n makers run at one time.
func limited(n int, next maker) maker {
	slots := make(chan struct{}, n)
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
