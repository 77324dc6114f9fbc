package wire

import (
	"encoding/json"
	"fmt"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/source"
	pb "github.com/stackrun/stack/imagebuilders/proto/v1"
)

func toRequest(r build.Request) (*pb.BuildRequest, error) {
	out := &pb.BuildRequest{
		Key:         r.Key,
		Destination: r.Destination,
		ExtraTags:   r.ExtraTags,
		Push:        r.Push,
		Insecure:    r.Insecure,
		Platforms:   r.Platforms,
		Labels:      r.Labels,
		Proxy:       r.Proxy,
		CaBundle:    r.CABundle,
		NoCache:     r.NoCache,
	}
	for _, stage := range r.Stages {
		s, err := toStage(stage)
		if err != nil {
			return nil, err
		}
		out.Stages = append(out.Stages, s)
	}
	for _, secret := range r.Secrets {
		out.Secrets = append(out.Secrets, &pb.Secret{Name: secret.Name, Value: secret.Value})
	}
	return out, nil
}

func fromRequest(r *pb.BuildRequest) (build.Request, error) {
	out := build.Request{
		Key:         r.GetKey(),
		Destination: r.GetDestination(),
		ExtraTags:   r.GetExtraTags(),
		Push:        r.GetPush(),
		Insecure:    r.GetInsecure(),
		Platforms:   r.GetPlatforms(),
		Labels:      r.GetLabels(),
		Proxy:       r.GetProxy(),
		CABundle:    r.GetCaBundle(),
		NoCache:     r.GetNoCache(),
	}
	for _, stage := range r.GetStages() {
		s, err := fromStage(stage)
		if err != nil {
			return build.Request{}, err
		}
		out.Stages = append(out.Stages, s)
	}
	for _, secret := range r.GetSecrets() {
		out.Secrets = append(out.Secrets, build.Secret{Name: secret.GetName(), Value: secret.GetValue()})
	}
	return out, nil
}

func toStage(s image.Stage) (*pb.Stage, error) {
	out := &pb.Stage{Dockerfile: s.Dockerfile, Base: s.Base, Target: s.Target, Pull: s.Pull}
	if len(s.Args) > 0 {
		out.Args = make(map[string][]byte, len(s.Args))
		for name, value := range s.Args {
			out.Args[name] = []byte(value)
		}
	}
	if len(s.Options) > 0 {
		options, err := json.Marshal(s.Options)
		if err != nil {
			return nil, fmt.Errorf("encode the build options: %w", err)
		}
		out.OptionsJson = options
	}
	for _, f := range s.Files {
		out.Files = append(out.Files, &pb.File{
			Path:    []byte(f.Path),
			Source:  []byte(f.Source),
			Content: f.Content,
			Type:    string(f.Type),
			Exec:    f.Exec,
			Target:  []byte(f.Target),
			Size:    f.Size,
			Digest:  f.Digest,
		})
	}
	return out, nil
}

func fromStage(s *pb.Stage) (image.Stage, error) {
	out := image.Stage{Dockerfile: s.GetDockerfile(), Base: s.GetBase(), Target: s.GetTarget(), Pull: s.GetPull()}
	if len(s.GetArgs()) > 0 {
		out.Args = make(map[string]string, len(s.GetArgs()))
		for name, value := range s.GetArgs() {
			out.Args[name] = string(value)
		}
	}
	if len(s.GetOptionsJson()) > 0 {
		if err := json.Unmarshal(s.GetOptionsJson(), &out.Options); err != nil {
			return image.Stage{}, fmt.Errorf("decode the build options: %w", err)
		}
	}
	for _, f := range s.GetFiles() {
		out.Files = append(out.Files, source.File{
			Path:    string(f.GetPath()),
			Source:  string(f.GetSource()),
			Content: f.GetContent(),
			Type:    source.FileType(f.GetType()),
			Exec:    f.GetExec(),
			Target:  string(f.GetTarget()),
			Size:    f.GetSize(),
			Digest:  f.GetDigest(),
		})
	}
	return out, nil
}
