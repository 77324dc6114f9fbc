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

// masker replaces secret values, of values of several lines each line, and the
// credentials of proxies, in every form in which programs print them.
func masker(secrets []build.Secret, proxy map[string]string) *strings.Replacer {
	with := map[string]string{}
	for _, s := range secrets {
		value := string(s.Value)
		for _, part := range append([]string{value, strings.TrimSpace(value)}, strings.Split(value, "\n")...) {
			if part = strings.TrimSuffix(part, "\r"); len(part) >= shortest {
				with[part] = masked
			}
		}
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
	return strings.NewReplacer(pairs...)
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
