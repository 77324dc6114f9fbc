package image

import (
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// secretShapes are values that are credentials whatever their name. Each is
// the published form of its issuer.
var secretShapes = sync.OnceValue(func() []secretShape {
	return []secretShape{
		{"a GitHub token", regexp.MustCompile(`\b(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})`)},
		{"a GitLab token", regexp.MustCompile(`\bgl(pat|ptt|rt|dt|cbt|soat)-[A-Za-z0-9_-]{20,}`)},
		{"an AWS access key", regexp.MustCompile(`\b(AKIA|ASIA)[A-Z0-9]{16}\b`)},
		{"a Hugging Face token", regexp.MustCompile(`\bhf_[A-Za-z0-9]{30,}`)},
		{"an API key", regexp.MustCompile(`\bsk-(ant-|proj-|svcacct-|or-)?[A-Za-z0-9_-]{20,}`)},
		{"a Stripe key", regexp.MustCompile(`\b[rs]k_(live|test)_[A-Za-z0-9]{20,}`)},
		{"a Slack token", regexp.MustCompile(`\bxox[abeoprs]-[A-Za-z0-9-]{10,}`)},
		{"a Google API key", regexp.MustCompile(`\bAIza[A-Za-z0-9_-]{35}\b`)},
		{"a Google OAuth token", regexp.MustCompile(`\bya29\.[A-Za-z0-9_-]{20,}`)},
		{"a package index token", regexp.MustCompile(`\bpypi-AgE[A-Za-z0-9_-]{20,}`)},
		{"an npm token", regexp.MustCompile(`\bnpm_[A-Za-z0-9]{36}\b`)},
		{"a JSON web token", regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+`)},
		{"a private key", regexp.MustCompile(`-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY( BLOCK)?-----`)},
		{"an Azure account key", regexp.MustCompile(`\bAccountKey=[A-Za-z0-9+/]{40,}`)},
	}
})

// secretShape is one form of credential.
type secretShape struct {
	what  string
	shape *regexp.Regexp
}

// secretIn is what value holds that must not be in plain, or empty.
func secretIn(value string) string {
	for _, s := range secretShapes() {
		if s.shape.MatchString(value) {
			return s.what
		}
	}
	if secretURL(value) {
		return "a URL with credentials"
	}
	return ""
}

var anyURL = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s"'<>]+`) })

// secretURL reports whether text has a URL with a password in it, or over HTTP
// with a user alone, which is how tokens are given. A variable that is filled
// in elsewhere, ${TOKEN}, is none.
func secretURL(text string) bool {
	for _, found := range anyURL().FindAllString(text, -1) {
		scheme, rest, _ := strings.Cut(found, "://")
		authority, _, _ := strings.Cut(rest, "/")
		at := strings.LastIndexByte(authority, '@')
		if at <= 0 {
			continue
		}
		user, password, hasPassword := strings.Cut(authority[:at], ":")
		if password != "" && !variable(password) {
			return true
		}
		if strings.Contains(strings.ToLower(scheme), "http") && (!hasPassword || password == "") && !variable(user) {
			return true
		}
	}
	return false
}

func variable(s string) bool { return wholeVariable().MatchString(s) }

var wholeVariable = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\$\{[A-Za-z_][A-Za-z0-9_]*\}$`) })

var shellVariable = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\$([A-Za-z_][A-Za-z0-9_]*)`) })

// secretInScript is secretIn for a shell script, which fills in $TOKEN too.
func secretInScript(text string) string {
	return secretIn(shellVariable().ReplaceAllString(text, "$${$1}"))
}

// redacted is a URL without what is between "://" and "@".
func redacted(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "(not a URL)"
	}
	return u.Redacted()
}

var secretWords = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(^|_)(PASSWORD|PASSWD|PASSPHRASE|SECRET|SECRETS|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?|AUTH)(_|$)`)
})

// notSecret are endings of names that tell where a secret is, or about it.
var notSecret = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)_(FILE|PATH|URL|NAME|TYPE|LENGTH|LIMIT|COUNT|TTL|DIR|HOST|PORT|METHOD|MODE|MAX|MIN|SIZE)$`)
})

// soundsSecret reports whether name is what people call secrets.
func soundsSecret(name string) bool {
	return secretWords().MatchString(name) && !notSecret().MatchString(name)
}
