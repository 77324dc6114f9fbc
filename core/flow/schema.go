package flow

import (
	"reflect"

	"github.com/stackrun/stack/core/settings"
)

// Schema is the JSON Schema of flow.yaml, made from the types that it is read
// into. Encoded as JSON it is always the same text.
func Schema() map[string]any {
	schema := settings.JSONSchema(reflect.TypeFor[flowFile]())
	schema["title"] = "flow.yaml"
	return schema
}
