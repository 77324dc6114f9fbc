package builder

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/moby/buildkit/session/auth"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// credentials answers the engine's questions for credentials from this machine's
// keychain. The engine fetches tokens with them itself.
type credentials struct {
	auth.UnimplementedAuthServer
	keychain authn.Keychain
}

// Register makes it part of a build's session.
func (c *credentials) Register(server *grpc.Server) { auth.RegisterAuthServer(server, c) }

func (c *credentials) Credentials(ctx context.Context, r *auth.CredentialsRequest) (*auth.CredentialsResponse, error) {
	found, err := c.of(ctx, r.GetHost())
	if err != nil {
		return nil, err
	}
	if found.IdentityToken != "" {
		return &auth.CredentialsResponse{Secret: found.IdentityToken}, nil
	}
	return &auth.CredentialsResponse{Username: found.Username, Secret: found.Password}, nil
}

func (c *credentials) FetchToken(context.Context, *auth.FetchTokenRequest) (*auth.FetchTokenResponse, error) {
	return nil, status.Error(codes.Unavailable, "the engine fetches tokens itself")
}

func (c *credentials) GetTokenAuthority(context.Context, *auth.GetTokenAuthorityRequest) (*auth.GetTokenAuthorityResponse, error) {
	return nil, status.Error(codes.Unavailable, "the engine fetches tokens itself")
}

// of is what is known for a registry; empty where nothing is.
func (c *credentials) of(ctx context.Context, host string) (*authn.AuthConfig, error) {
	if host == "registry-1.docker.io" || host == "docker.io" {
		host = name.DefaultRegistry
	}
	registry, err := name.NewRegistry(host)
	if err != nil {
		return nil, fmt.Errorf("credentials for %s: %w", host, err)
	}
	authenticator, err := authn.Resolve(ctx, c.keychain, registry)
	if err != nil {
		return nil, fmt.Errorf("credentials for %s: %w", host, err)
	}
	found, err := authn.Authorization(ctx, authenticator)
	if err != nil {
		return nil, fmt.Errorf("credentials for %s: %w", host, err)
	}
	return found, nil
}

// header is credentials as the engine's API takes them for a push.
func (c *credentials) header(ctx context.Context, reference string) (string, error) {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return "", err
	}
	host := ref.Context().RegistryStr()
	found, err := c.of(ctx, host)
	if err != nil {
		return "", err
	}
	data, err := json.Marshal(map[string]string{
		"username": found.Username, "password": found.Password, "identitytoken": found.IdentityToken,
		"registrytoken": found.RegistryToken, "serveraddress": strings.TrimSuffix(host, "/"),
	})
	if err != nil {
		return "", err
	}
	return base64.URLEncoding.EncodeToString(data), nil
}
