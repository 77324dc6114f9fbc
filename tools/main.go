// Command tools makes the Go code of this repository's protobuf files. It is a
// module of its own so that what it needs never becomes a dependency of stack,
// and it needs no protoc: run it with the go command alone, as in
//
//	go -C tools run . ..
//
// With -check it writes nothing and fails when a generated file is not what it
// would write.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/pluginpb"
)

func main() {
	check := flag.Bool("check", false, "fail when a generated file is stale, and write nothing")
	flag.Parse()
	root := flag.Arg(0)
	if root == "" {
		root = ".."
	}
	if err := generate(root, sources(), *check); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// sources is every protobuf file, named from the root of the repository: the
// name is part of what is generated and must be unique in a process.
func sources() []string {
	return []string{
		"imagebuilders/proto/v1/builder.proto",
		"sdk/proto/orchestrator/v1/orchestrator.proto",
	}
}

func generate(root string, names []string, check bool) error {
	request, err := compile(root, names)
	if err != nil {
		return err
	}
	input, err := proto.Marshal(request)
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	for _, plugin := range []string{"protoc-gen-go", "protoc-gen-go-grpc"} {
		response, err := run(plugin, input)
		if err != nil {
			return err
		}
		for _, file := range response.GetFile() {
			if err := put(filepath.Join(root, file.GetName()), []byte(file.GetContent()), check); err != nil {
				return err
			}
		}
	}
	return nil
}

// run gives the request to a plugin of protoc, which is a tool of this module.
func run(plugin string, input []byte) (*pluginpb.CodeGeneratorResponse, error) {
	cmd := exec.Command("go", "tool", plugin)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), os.Stderr
	output, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", plugin, err)
	}
	response := &pluginpb.CodeGeneratorResponse{}
	if err := proto.Unmarshal(output, response); err != nil {
		return nil, fmt.Errorf("decode what %s wrote: %w", plugin, err)
	}
	if response.Error != nil {
		return nil, fmt.Errorf("%s: %s", plugin, response.GetError())
	}
	return response, nil
}

func put(path string, content []byte, check bool) error {
	old, err := os.ReadFile(path)
	if err == nil && bytes.Equal(old, content) {
		return nil
	}
	if check {
		return fmt.Errorf("%s is stale: run `make generate`", path)
	}
	return os.WriteFile(path, content, 0o644)
}

// compile parses the files and makes the request that protoc would make of
// them, comments included.
func compile(root string, names []string) (*pluginpb.CodeGeneratorRequest, error) {
	compiler := protocompile.Compiler{
		Resolver:       protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{root}}),
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	files, err := compiler.Compile(context.Background(), names...)
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	request := &pluginpb.CodeGeneratorRequest{
		FileToGenerate: names,
		Parameter:      proto.String("paths=source_relative"),
	}
	seen := map[string]bool{}
	for _, file := range files {
		addFile(request, file, seen)
	}
	return request, nil
}
