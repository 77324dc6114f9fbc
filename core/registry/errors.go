package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/stackrun/stack/core/diag"
)

// badReference is a reference that cannot be read.
func badReference(reference string, err error) error {
	return diag.List{diag.New(diag.BadValue, "%q is not an image reference", reference).Because("%v", err)}
}

// missing reports whether the registry said that there is no such image.
func missing(err error) bool {
	var answer *transport.Error
	return errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound
}

// denied reports whether the registry wants other credentials.
func denied(err error) bool {
	var answer *transport.Error
	if !errors.As(err, &answer) {
		return false
	}
	return answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden
}

// failure is err as what the user can do something about. action is such as
// "look for reg/app:1".
func (c *Client) failure(ctx context.Context, action string, ref name.Reference, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", action, ctx.Err())
	}
	registry := ref.Context().RegistryStr()
	shown := fmt.Errorf("%s: %w", action, shownError(err))
	switch {
	case denied(err):
		return diag.Fail(diag.RegistryDenied, shown, c.signIn(ref))
	case errors.Is(err, errPlain) || strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return diag.Fail(diag.RegistryDown, shown,
			fmt.Sprintf("%s speaks plain HTTP; if that is meant, write plain_http = true in its container_registry block", registry))
	case wrongProtocol(err):
		return diag.Fail(diag.RegistryDown, shown, fmt.Sprintf("the certificate of %s is not trusted on this machine; install its authority's certificate", registry))
	case refused(err):
		return diag.Fail(diag.RegistryDown, shown, fmt.Sprintf("nothing listens at %s; check the address, and that the registry runs", registry))
	}
	var answer *transport.Error
	if errors.As(err, &answer) && answer.StatusCode == http.StatusTooManyRequests {
		hint := fmt.Sprintf("%s limits how often it is asked; wait, or use a mirror (registry_mirrors)", registry)
		if c.anonymous(ref) {
			hint += ", or sign in with `docker login " + loginName(registry) + "`, which raises the limit"
		}
		return diag.Fail(diag.RegistryDown, shown, hint)
	}
	return diag.Fail(diag.RegistryDown, shown, fmt.Sprintf("check the network and that %s can be reached from here", registry))
}

// signIn is what to do about a registry that denies access.
func (c *Client) signIn(ref name.Reference) string {
	registry := ref.Context().RegistryStr()
	command := "`docker login " + loginName(registry) + "`"
	if c.anonymous(ref) {
		return fmt.Sprintf("no credentials for %s are known here: %s; many registries answer so for a repository that does not exist, too", registry, command)
	}
	return fmt.Sprintf("the credentials for %s do not allow it: check that the repository %s exists and that the account may use it, or %s again",
		registry, ref.Context().RepositoryStr(), command)
}

func (c *Client) anonymous(ref name.Reference) bool {
	k, ok := c.keychain.(*rememberedKeychain)
	return ok && k.anonymous(ref.Context())
}

// loginName is what `docker login` takes for a registry.
func loginName(registry string) string {
	if registry == name.DefaultRegistry {
		return ""
	}
	return registry
}

// shownError is err without URLs, which hold tokens.
func shownError(err error) error {
	var answer *transport.Error
	if errors.As(err, &answer) {
		text := fmt.Sprintf("the registry answered %d %s", answer.StatusCode, http.StatusText(answer.StatusCode))
		var details []string
		for _, d := range answer.Errors {
			details = append(details, strings.TrimSuffix(string(d.Code)+": "+d.Message, ": "))
		}
		if len(details) > 0 {
			text += " (" + strings.Join(details, "; ") + ")"
		}
		return errors.New(text)
	}
	var web *url.Error
	if errors.As(err, &web) {
		host := ""
		if u, parseErr := url.Parse(web.URL); parseErr == nil {
			host = u.Host + ": "
		}
		if web.Timeout() {
			return fmt.Errorf("%sno answer in time", host)
		}
		return fmt.Errorf("%s%w", host, web.Err)
	}
	return err
}
