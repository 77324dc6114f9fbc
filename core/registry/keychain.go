package registry

import (
	"context"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
)

// rememberedKeychain asks another keychain once per registry: credential
// programs take a second, and many images share a registry.
type rememberedKeychain struct {
	from  authn.Keychain
	mu    sync.Mutex
	known map[string]*credential
}

type credential struct {
	once sync.Once
	auth authn.Authenticator
	err  error
}

func (k *rememberedKeychain) Resolve(r authn.Resource) (authn.Authenticator, error) {
	return k.ResolveContext(context.Background(), r)
}

func (k *rememberedKeychain) ResolveContext(ctx context.Context, r authn.Resource) (authn.Authenticator, error) {
	k.mu.Lock()
	c := k.known[r.RegistryStr()]
	if c == nil {
		c = &credential{}
		k.known[r.RegistryStr()] = c
	}
	k.mu.Unlock()
	c.once.Do(func() { c.auth, c.err = authn.Resolve(ctx, k.from, r) })
	return c.auth, c.err
}

// anonymous reports whether nothing is known to sign in to the registry with.
func (k *rememberedKeychain) anonymous(r authn.Resource) bool {
	auth, err := k.Resolve(r)
	return err == nil && auth == authn.Anonymous
}
