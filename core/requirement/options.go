package requirement

import (
	"slices"
	"strings"
)

// Option is an option of a requirements file, or of one requirement, by its
// long name: "--index-url" is also what "-i" gives.
type Option struct {
	Name  string
	Value string // empty for an option without one
}

// String is the option as it is written in a file.
func (o Option) String() string {
	if o.Value == "" && !takesValue(o.Name) {
		return o.Name
	}
	return o.Name + "=" + quoted(o.Value)
}

// option is what pip's requirements files take; uv takes no others. Source:
// pip's documentation, "Requirements File Format".
type option struct {
	name    string
	short   string
	value   bool
	ofOne   bool // of one requirement, after it
	another string
}

func options() []option {
	return []option{
		{name: "--index-url", short: "-i", value: true, another: "--pypi-url"},
		{name: "--extra-index-url", value: true},
		{name: "--no-index"},
		{name: "--constraint", short: "-c", value: true},
		{name: "--requirement", short: "-r", value: true},
		{name: "--editable", short: "-e", value: true},
		{name: "--find-links", short: "-f", value: true},
		{name: "--no-binary", value: true},
		{name: "--only-binary", value: true},
		{name: "--prefer-binary"},
		{name: "--require-hashes"},
		{name: "--no-require-hashes"},
		{name: "--pre"},
		{name: "--all-releases", value: true},
		{name: "--only-final", value: true},
		{name: "--trusted-host", value: true},
		{name: "--use-feature", value: true},
		{name: "--hash", value: true, ofOne: true},
		{name: "--global-option", value: true, ofOne: true},
		{name: "--config-settings", short: "-C", value: true, ofOne: true, another: "--config-setting"},
	}
}

func takesValue(name string) bool {
	return slices.ContainsFunc(options(), func(o option) bool { return o.name == name && o.value })
}

// optionNamed finds a long option by its name or a beginning of it that no
// other option has, as pip does.
func optionNamed(word string) (option, bool) {
	var begin []option
	for _, o := range options() {
		if o.name == word || o.another == word {
			return o, true
		}
		if strings.HasPrefix(o.name, word) || o.another != "" && strings.HasPrefix(o.another, word) {
			begin = append(begin, o)
		}
	}
	if len(begin) == 1 && len(word) > 3 {
		return begin[0], true
	}
	return option{}, false
}

// readOptions reads options from the words of a line. at finds the place of a
// word for an error.
func readOptions(line string, all []string, at func(word string) int) ([]Option, []option, error) {
	var found []Option
	var kinds []option
	for i := 0; i < len(all); i++ {
		word := all[i]
		fail := func(message string) *Error { return &Error{Text: line, Offset: at(word), Message: message} }
		name, value, has := word, "", false
		var kind option
		ok := false
		switch {
		case strings.HasPrefix(word, "--") && len(word) > 2:
			name, value, has = strings.Cut(word, "=")
			kind, ok = optionNamed(name)
		case strings.HasPrefix(word, "-") && len(word) > 1:
			for _, o := range options() {
				if o.short != "" && strings.HasPrefix(word, o.short) {
					kind, ok = o, true
					value = strings.TrimPrefix(word, o.short)
					has = value != ""
					value = strings.TrimPrefix(value, "=")
				}
			}
		default:
			return nil, nil, fail("expected an option")
		}
		if !ok {
			e := fail("unknown option of a requirements file")
			e.Instead = nearOption(line, name, value, has)
			return nil, nil, e
		}
		switch {
		case has && !kind.value:
			return nil, nil, fail("the option " + kind.name + " takes no value")
		case kind.value && !has:
			if i++; i == len(all) {
				return nil, nil, &Error{Text: line, Offset: len(line), Message: "expected a value of " + kind.name}
			}
			value = all[i]
			if value == "=" && i+1 < len(all) { // `-r = file`, which people write
				i++
				value = all[i]
			}
		}
		if kind.value && value == "" {
			return nil, nil, fail("the value of " + kind.name + " is empty")
		}
		found = append(found, Option{Name: kind.name, Value: value})
		kinds = append(kinds, kind)
	}
	return found, kinds, nil
}

// nearOption is the option that a wrong one is a slip of, as it would be
// written.
func nearOption(line, name, value string, has bool) string {
	var names []string
	for _, o := range options() {
		names = append(names, o.name)
	}
	near := nearest(name, names)
	if near == "" {
		return ""
	}
	return strings.Replace(line, name, near, 1)
}

// requirementOptions splits a requirement from the options after it.
func requirementOptions(text string) (string, []Option, error) {
	start := optionsStart(text)
	if start < 0 || start == 0 {
		return text, nil, nil
	}
	at := func(word string) int { return placeOf(text, start, word) }
	all, ok := words(text[start:])
	if !ok {
		return "", nil, &Error{Text: text, Offset: start, Message: "a quote in the options has no end"}
	}
	found, kinds, err := readOptions(text, all, at)
	if err != nil {
		return "", nil, err
	}
	for i, kind := range kinds {
		if !kind.ofOne {
			return "", nil, &Error{Text: text, Offset: at(found[i].Name), Message: kind.name + " is no option of one requirement; write it on a line of its own"}
		}
		if kind.name == "--hash" {
			if err := hash(text, start, found[i].Value); err != nil {
				return "", nil, err
			}
		}
	}
	return strings.TrimRight(text[:start], " \t"), found, nil
}

// optionsStart is where the first word that begins with "-" stands, outside
// the quotes of a marker; -1 where there is none.
func optionsStart(text string) int {
	marker := false
	var quote byte
	for i := range len(text) {
		c := text[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case marker && (c == '"' || c == '\''):
			quote = c
		case c == ';':
			marker = true
		case c == '-' && (i == 0 || text[i-1] == ' ' || text[i-1] == '\t'):
			return i
		}
	}
	return -1
}

func placeOf(text string, start int, word string) int {
	if at := strings.Index(text[start:], word); at >= 0 {
		return start + at
	}
	return start
}

// hash checks a hash, such as sha256:…, of the kinds that pip takes.
func hash(text string, start int, value string) error {
	algorithm, digest, _ := strings.Cut(value, ":")
	length := map[string]int{"sha256": 64, "sha384": 96, "sha512": 128}[algorithm]
	fail := func(message string) error {
		return &Error{Text: text, Offset: placeOf(text, start, value), Message: message}
	}
	switch {
	case length == 0:
		return fail("expected a hash such as sha256:…, of sha256, sha384 or sha512")
	case len(digest) != length || strings.Trim(asciiLower(digest), "0123456789abcdef") != "":
		return fail("a " + algorithm + " hash has " + itoa(length) + " hexadecimal digits")
	}
	return nil
}
