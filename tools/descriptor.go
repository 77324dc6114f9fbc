package main

import (
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/pluginpb"
)

// addFile adds file to the request after everything that it imports, which is
// the order that plugins of protoc rely on.
func addFile(request *pluginpb.CodeGeneratorRequest, file protoreflect.FileDescriptor, seen map[string]bool) {
	if seen[file.Path()] {
		return
	}
	seen[file.Path()] = true
	imports := file.Imports()
	for i := range imports.Len() {
		addFile(request, imports.Get(i).FileDescriptor, seen)
	}
	descriptor := protodesc.ToFileDescriptorProto(file)
	request.ProtoFile = append(request.ProtoFile, descriptor)
}
