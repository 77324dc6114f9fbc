package builder

import (
	"encoding/base64"
	"net/url"
	"sort"
	"strings"

	"github.com/stackrun/stack/core/build"
)

// masked stands for what nobody may read.
const masked = "***"

// shortest is the length below which a value alone is not masked: it would hide
// ordinary words.
const shortest = 4

// mask hides what nobody may read.
type mask struct {
	replacer *strings.Replacer
	hidden   []string // longest first
}

// masker hides secret values, of values of several lines each line, and the
// credentials of proxies: as they are, and in the forms in which programs print
// them without being asked, which are base64 and percent-encoding. What a
// command makes of a value in another way (a hash, its letters one by one)
// cannot be known again, and neither can a value of less than shortest bytes.
func masker(secrets []build.Secret, proxy map[string]string) *mask {
	with := map[string]string{}
	for _, s := range secrets {
		maskSecret(with, string(s.Value))
	}
	for _, address := range proxy {
		maskProxy(with, address)
	}
	hidden := make([]string, 0, len(with))
	for value := range with {
		hidden = append(hidden, value)
	}
	// At one place the first that fits is taken, and a part of a value that is
	// masked would leave the rest of it to be read.
	sort.Slice(hidden, func(i, j int) bool {
		if len(hidden[i]) != len(hidden[j]) {
			return len(hidden[i]) > len(hidden[j])
		}
		return hidden[i] < hidden[j]
	})
	pairs := make([]string, 0, 2*len(hidden))
	for _, value := range hidden {
		pairs = append(pairs, value, with[value])
	}
	return &mask{replacer: strings.NewReplacer(pairs...), hidden: hidden}
}

// Replace is text without what is hidden.
func (m *mask) Replace(text string) string { return m.replacer.Replace(text) }

// cut is where data, of which more is to come, can be cut so that nothing
// hidden is on both sides, also with what comes.
func (m *mask) cut(data []byte) int {
	if len(m.hidden) == 0 {
		return len(data)
	}
	at := max(len(data)-len(m.hidden[0])+1, 0)
	for moved := true; moved; {
		moved = false
		for _, value := range m.hidden {
			from := max(at-len(value)+1, 0)
			i := strings.Index(string(data[from:min(at+len(value)-1, len(data))]), value)
			if i >= 0 && from+i < at {
				at, moved = from+i, true
			}
		}
	}
	return at
}

// maskSecret adds a value in all its forms.
func maskSecret(with map[string]string, value string) {
	for _, whole := range []string{value, strings.TrimSpace(value)} {
		if len(whole) < shortest {
			continue
		}
		for _, form := range encoded(whole) {
			with[form] = masked
		}
	}
	for _, line := range strings.Split(value, "\n") {
		if line = strings.TrimSuffix(line, "\r"); len(line) >= shortest {
			with[line] = masked
			with[url.QueryEscape(line)] = masked
			with[url.PathEscape(line)] = masked
		}
	}
}

// wrapped is how many characters programs write on a line of base64.
const wrapped = 76

// encoded is a value and its base64, alone and inside of something longer, as in
// the header of a request: how its first and last letters are written depends on
// what is beside them, and what is between is the same in three forms.
func encoded(value string) []string {
	forms := []string{value, url.QueryEscape(value), url.PathEscape(value)}
	for _, alphabet := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		whole := alphabet.EncodeToString([]byte(value))
		forms = append(forms, whole)
		for line := whole; len(whole) > wrapped && len(line) >= 2*shortest; line = line[min(wrapped, len(line)):] {
			forms = append(forms, line[:min(wrapped, len(line))])
		}
		for before := range 3 {
			text := alphabet.WithPadding(base64.NoPadding).EncodeToString([]byte(strings.Repeat("x", before) + value))
			from := (before*8 + 5) / 6
			to := (before + len(value)) * 8 / 6
			if to-from >= 2*shortest {
				forms = append(forms, text[from:to])
			}
		}
	}
	return forms
}

// maskProxy adds what must not be read of a proxy's address, as in
// http://user:password@host: as it is written, decoded, and as it is sent. A
// user without a password may be a token.
func maskProxy(with map[string]string, address string) {
	_, rest, found := strings.Cut(address, "://")
	if !found {
		rest = address
	}
	// Whoever writes "/" or "@" into a password without encoding it has a proxy
	// that does not work, and a password all the same.
	at := strings.LastIndexByte(rest, '@')
	if at <= 0 {
		return
	}
	written := rest[:at]
	for _, credentials := range []string{written, decoded(written)} {
		with[credentials+"@"] = masked + "@"
		_, password, hasPassword := strings.Cut(credentials, ":")
		if !hasPassword || password == "" {
			continue
		}
		if len(credentials) >= shortest {
			with[credentials] = masked
		}
		if len(password) >= shortest {
			with[password] = masked
		}
		with[base64.StdEncoding.EncodeToString([]byte(credentials))] = masked
	}
}

// decoded is text without percent-encoding, or as it is where that is wrong.
func decoded(text string) string {
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}
