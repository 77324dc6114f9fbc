package migration

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

// reader gathers what is found in a file of another system.
type reader struct {
	system   string // as people say it
	lines    []string
	comments comments
	top      string // comment that the file begins with
	notes    []Note
	found    diag.List
	params   params
	paths    bool // whether a path was carried over
	parsed   bool // whether references and numbers are read as ZenML does
}

// place is a setting of the other file, and what stands there.
type place struct {
	from  string // path
	key   diag.Range
	value *settings.Value
}

// under is the place of an entry below p.
func (p place) under(e settings.Entry) place {
	return place{from: join(p.from, e.Key), key: e.Range, value: e.Value}
}

// item is the place of the nth item of p.
func (p place) item(n int) place {
	v := p.value.Items[n]
	return place{from: fmt.Sprintf("%s[%d]", p.from, n), key: v.Range, value: v}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func (r *reader) note(k Kind, p place, to, format string, args ...any) {
	n := Note{Kind: k, From: p.from, To: to, Detail: fmt.Sprintf(format, args...)}
	if p.key != (diag.Range{}) {
		at := p.key
		n.Range = &at
	}
	r.notes = append(r.notes, n)
}

func (r *reader) carried(p place, to string) { r.note(Carried, p, to, "") }

func (r *reader) changed(p place, to, format string, args ...any) {
	r.note(Changed, p, to, format, args...)
}

func (r *reader) leftOut(p place, format string, args ...any) {
	r.note(LeftOut, p, "", format, args...)
}

func (r *reader) toDo(p place, to, format string, args ...any) {
	r.note(ToDo, p, to, format, args...)
}

// wrong refuses a value that the other system would refuse too.
func (r *reader) wrong(p place, want string) {
	r.hide(p, diag.At(p.value.Range, diag.WrongType, "%s must be %s, not %s", orFile(p.from), want, p.value.Describe()))
}

// hide adds a diagnostic about a value, which is not shown if it is a
// credential.
func (r *reader) hide(p place, d diag.Diagnostic) *diag.Diagnostic {
	if holdsSecret(p.value.Text) {
		d = diag.At(p.value.Range, diag.SecretInPlain, "%s cannot be read, and holds a credential", p.from)
	}
	r.found = append(r.found, d)
	return &r.found[len(r.found)-1]
}

func orFile(from string) string {
	if from == "" {
		return "the file"
	}
	return from
}

func (r *reader) bad(p place, format string, args ...any) *diag.Diagnostic {
	return r.hide(p, diag.At(p.value.Range, diag.BadValue, format, args...))
}

// unknown says that a key is not known; the other system ignores it, so that
// the flow is written all the same.
func (r *reader) unknown(p place, key string, known []string) {
	d := diag.At(p.key, diag.UnknownField, "unknown field %q", key).AsWarning().
		Because("%s ignores it without a word, and it was not carried over.", r.system).Try(diag.DidYouMean(key, known))
	if d.Suggestion == "" && len(known) <= 15 {
		d.Detail += " Known here: " + strings.Join(known, ", ") + "."
	}
	r.found = append(r.found, d)
	r.leftOut(p, "%s does not know it", r.system)
}

// unset reports whether p says nothing: null does not remove anything in the
// systems that are read here.
func (r *reader) unset(p place) bool {
	if p.value.Kind != settings.Null {
		return false
	}
	r.leftOut(p, "null sets nothing in %s", r.system)
	return true
}

// isMap refuses what is not a map.
func (r *reader) isMap(p place) bool {
	if p.value.Kind == settings.Map {
		return true
	}
	r.wrong(p, "a map")
	return false
}

// text is a single value as it was written.
func (r *reader) text(p place) (string, bool) {
	if p.value.Kind == settings.Scalar {
		return p.value.Text, true
	}
	r.wrong(p, "a text")
	return "", false
}

// boolean reads what the other system takes for a boolean.
func (r *reader) boolean(p place) (value, ok bool) {
	if p.value.Kind == settings.Scalar {
		switch strings.ToLower(p.value.Text) {
		case "true", "t", "yes", "y", "on", "1":
			return true, true
		case "false", "f", "no", "n", "off", "0":
			return false, true
		}
	}
	r.wrong(p, "true or false")
	return false, false
}

// integer reads a whole number, in quotes or not.
func (r *reader) integer(p place) (int64, bool) {
	if p.value.Kind == settings.Scalar {
		if n, err := strconv.ParseInt(p.value.Text, 10, 64); err == nil {
			return n, true
		}
	}
	r.wrong(p, "a whole number")
	return 0, false
}

// texts is a list of single values.
func (r *reader) texts(p place) ([]place, bool) {
	if p.value.Kind != settings.List {
		r.wrong(p, "a list")
		return nil, false
	}
	items, ok := []place{}, true
	for i := range p.value.Items {
		item := p.item(i)
		if item.value.Kind != settings.Scalar {
			r.wrong(item, "a text")
			ok = false
			continue
		}
		items = append(items, item)
	}
	return items, ok
}
