package requirement

// span is the versions from low to high in the order of PEP 440. Its ends are
// versions or places between versions that no package's can be: a post-release
// or local label beyond all others.
type span struct {
	low, high         Version
	lowOpen, highOpen bool
}

// first is below every version, last above.
func first() Version { return Version{epoch: "0", release: []number{"0"}, dev: "0"} }
func last() Version  { return Version{epoch: beyond, release: []number{"0"}} }

// afterLocals is above v and all its local versions, and below all others.
func afterLocals(v Version) Version {
	v.local = []string{string(beyond)}
	return v
}

// afterPosts is above v, its local versions and post-releases.
func afterPosts(v Version) Version {
	v.post, v.dev = beyond, ""
	return afterLocals(v)
}

// beforeAll is below v, its pre-releases and its development releases.
func beforeAll(v Version) Version {
	v.dev = "0"
	return v
}

func (s span) contains(v Version) bool {
	low, high := s.low.Compare(v), s.high.Compare(v)
	return (low < 0 || low == 0 && !s.lowOpen) && (high > 0 || high == 0 && !s.highOpen)
}

// spans is the versions that meet the condition; all for ===, which is no
// condition on an order. Where tools differ, in what "<" and ">" mean of
// pre-releases and post-releases, it is the most that any of them takes.
func (s Specifier) spans() []span {
	v := s.version
	switch s.Op {
	case "==":
		return []span{s.equalSpan()}
	case "!=":
		out := s.equalSpan()
		return []span{{low: first(), high: out.low, highOpen: !out.lowOpen}, {low: out.high, lowOpen: !out.highOpen, high: last()}}
	case "<=":
		return []span{{low: first(), high: afterLocals(v)}}
	case ">=":
		return []span{{low: v, high: last()}}
	case "<":
		if !v.Prerelease() {
			v = beforeAll(v)
		}
		return []span{{low: first(), high: v, highOpen: true}}
	case ">":
		above := afterLocals(v)
		if v.post == "" && v.dev == "" {
			above = afterPosts(v)
		}
		return []span{{low: above, lowOpen: true, high: last()}}
	case "~=":
		return intersect([]span{{low: v, high: last()}}, []span{compatible(v).equalSpan()})
	}
	return []span{{low: first(), high: last()}}
}

func (s Specifier) equalSpan() span {
	v := s.version
	switch {
	case s.prefix:
		next := Version{epoch: v.epoch, release: append([]number{}, v.release...)}
		next.release[len(next.release)-1] = next.release[len(next.release)-1].next()
		return span{low: beforeAll(v), high: beforeAll(next), highOpen: true}
	case v.local != nil:
		return span{low: v, high: v}
	}
	return span{low: v, high: afterLocals(v)}
}

// intersect is what two sets of versions have in common; both are in order.
func intersect(a, b []span) []span {
	var out []span
	for i, j := 0, 0; i < len(a) && j < len(b); {
		both := a[i]
		if c := b[j].low.Compare(both.low); c > 0 || c == 0 && b[j].lowOpen {
			both.low, both.lowOpen = b[j].low, b[j].lowOpen
		}
		bEndsFirst := false
		if c := b[j].high.Compare(both.high); c < 0 || c == 0 && b[j].highOpen {
			both.high, both.highOpen = b[j].high, b[j].highOpen
			bEndsFirst = true
		}
		if c := both.low.Compare(both.high); c < 0 || c == 0 && !both.lowOpen && !both.highOpen {
			out = append(out, both)
		}
		if bEndsFirst {
			j++
		} else {
			i++
		}
	}
	return out
}

// impossible reports whether it is certain that no version meets all
// conditions.
func (s Specifiers) impossible() bool {
	all := []span{{low: first(), high: last()}}
	exact := ""
	for _, one := range s {
		if one.Op == "===" {
			v, err := ParseVersion(one.Version)
			if err != nil { // nobody can say what it is compared with
				if exact != "" && asciiLower(exact) != asciiLower(one.Version) {
					return true
				}
				exact = one.Version
				continue
			}
			if exact != "" && asciiLower(exact) != asciiLower(one.Version) {
				return true
			}
			exact = one.Version
			all = intersect(all, []span{{low: v, high: v}})
			continue
		}
		all = intersect(all, one.spans())
	}
	return len(all) == 0
}
