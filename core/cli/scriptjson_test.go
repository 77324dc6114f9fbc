package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptJSON is `json FILE PATH WANT`: the value at PATH, such as
// steps.0.state, equals the JSON text WANT, or is of the type :string, :number,
// :bool, :list, :map, :time or :none (absent). FILE may be stdout. A file of
// several values, one a line, is a list of them.
func scriptJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: json file path want")
	}
	got, found := at(ts, args[0], args[1])
	ok := false
	switch kind := strings.TrimPrefix(args[2], ":"); {
	case kind == "none":
		ok = !found
	case kind != args[2]:
		ok = found && kindOf(got) == kind
	default:
		var want any
		if err := json.Unmarshal([]byte(args[2]), &want); err != nil {
			ts.Fatalf("%s: %v", args[2], err)
		}
		ok = found && reflect.DeepEqual(got, want)
	}
	if ok == neg {
		text, _ := json.Marshal(got)
		ts.Fatalf("%s at %q is %s (there: %t); wanted %s (not: %t)", args[0], args[1], text, found, args[2], neg)
	}
}

// scriptKeys is `keys FILE PATH KEY...`: the object at PATH has exactly these
// keys.
func scriptKeys(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: keys file path key...")
	}
	got, _ := at(ts, args[0], args[1])
	object, ok := got.(map[string]any)
	if !ok {
		ts.Fatalf("%s at %q is no object: %v", args[0], args[1], got)
	}
	var have []string
	for key := range object {
		have = append(have, key)
	}
	want := slices.Clone(args[2:])
	sort.Strings(have)
	sort.Strings(want)
	if !slices.Equal(have, want) {
		ts.Fatalf("%s at %q has keys\n %v\nwant\n %v", args[0], args[1], have, want)
	}
}

func at(ts *testscript.TestScript, file, path string) (any, bool) {
	values, err := values([]byte(ts.ReadFile(file)))
	if err != nil {
		ts.Fatalf("%s: %v", file, err)
	}
	var v any = values
	if len(values) == 1 {
		v = values[0]
	}
	if path == "." {
		return v, true
	}
	for _, part := range strings.Split(path, ".") {
		switch container := v.(type) {
		case map[string]any:
			next, ok := container[part]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i >= len(container) {
				return nil, false
			}
			if i < 0 {
				i += len(container)
			}
			v = container[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// values is the JSON values of data, of which there may be one a line.
func values(data []byte) ([]any, error) {
	var all []any
	d := json.NewDecoder(bytes.NewReader(data))
	for {
		var v any
		if err := d.Decode(&v); err == io.EOF {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("value %d is not JSON: %w", len(all)+1, err)
		}
		all = append(all, v)
	}
}

func kindOf(v any) string {
	switch v := v.(type) {
	case string:
		if _, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return "time"
		}
		return "string"
	case float64:
		return "number"
	case bool:
		return "bool"
	case []any:
		return "list"
	case map[string]any:
		return "map"
	}
	return "null"
}
