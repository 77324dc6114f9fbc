package settings_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/settings"
)

// size is a text with its own grammar.
type size struct{ text string }

func (s *size) UnmarshalText(text []byte) error {
	if strings.HasSuffix(string(text), "GB") {
		return badSize{}
	}
	if len(text) == 0 {
		return errors.New("a size is needed")
	}
	s.text = string(text)
	return nil
}

type badSize struct{}

func (badSize) Error() string      { return "not a size" }
func (badSize) Suggestion() string { return "write 1GiB" }

type common struct {
	Shared string `json:"shared"`
	Over   int    `json:"over"`
}

type extra struct {
	Extra []string `json:"extra"`
}

type nested struct {
	Value *int `json:"value" required:"true" doc:"What counts."`
}

type everything struct {
	common
	*Extra
	Text     string            `json:"text"`
	Flag     bool              `json:"flag"`
	Maybe    *bool             `json:"maybe"`
	Int      int               `json:"int"`
	Small    int8              `json:"small"`
	Uint     uint              `json:"uint"`
	Float    float64           `json:"float"`
	List     []string          `json:"list"`
	Map      map[string]string `json:"map"`
	Nulls    map[string]*int   `json:"nulls"`
	Nested   nested            `json:"nested"`
	Many     []nested          `json:"many"`
	ByName   map[string]nested `json:"by_name"`
	Mode     mode              `json:"mode" enum:"fast,slow"`
	Modes    []mode            `json:"modes" enum:"fast,slow"`
	Size     size              `json:"size"`
	SizePtr  *size             `json:"size_ptr"`
	Raw      *settings.Value   `json:"raw"`
	Any      any               `json:"any"`
	Over     string            `json:"over"`
	Skipped  string            `json:"-"`
	Untagged string
}

type (
	mode  string
	Extra = extra
)

func TestDecode(t *testing.T) {
	yes, three := true, 3
	for text, want := range map[string]everything{
		"{}":                        {},
		"null":                      {},
		"text: 1.10":                {Text: "1.10"},
		"text: true":                {Text: "true"},
		"text: yes":                 {Text: "yes"},
		"text: 0x1F":                {Text: "0x1F"},
		"text: ''":                  {},
		"text: null":                {},
		"shared: a":                 {common: common{Shared: "a"}},
		"extra: [a]":                {Extra: &extra{Extra: []string{"a"}}},
		"over: a":                   {Over: "a"},
		"flag: true":                {Flag: true},
		"maybe: TRUE":               {Maybe: &yes},
		"int: 010":                  {Int: 10},
		"int: 0x1f":                 {Int: 31},
		"int: -0o17":                {}, // an error, see below
		"uint: 7":                   {Uint: 7},
		"float: 1":                  {Float: 1},
		"float: .5e1":               {Float: 5},
		"list: []":                  {List: []string{}},
		"list: null":                {},
		"list: [1.10, a, true]":     {List: []string{"1.10", "a", "true"}},
		"map: {}":                   {Map: map[string]string{}},
		"map: {a: 1.10, b: ''}":     {Map: map[string]string{"a": "1.10", "b": ""}},
		"map: {a: null}":            {Map: map[string]string{}},
		"nulls: {a: null, b: 3}":    {Nulls: map[string]*int{"a": nil, "b": &three}},
		"nested: {value: 3}":        {Nested: nested{&three}},
		"many: [{value: 3}]":        {Many: []nested{{&three}}},
		"by_name: {x: {value: 3}}":  {ByName: map[string]nested{"x": {&three}}},
		"mode: slow":                {Mode: "slow"},
		"modes: [slow, fast]":       {Modes: []mode{"slow", "fast"}},
		"size: 1GiB":                {Size: size{"1GiB"}},
		"size: 1":                   {Size: size{"1"}},
		"size_ptr: 2":               {SizePtr: &size{"2"}},
		"any: {a: [x, true, null]}": {Any: map[string]any{"a": []any{"x", true, nil}}},
	} {
		v := read(t, text, settings.Flow)
		var got everything
		list := settings.Decode(v, &got)
		if text == "int: -0o17" {
			if !list.HasErrors() {
				t.Errorf("%s is accepted", text)
			}
			continue
		}
		if len(list) > 0 {
			t.Errorf("%s: %s", text, shown(list))
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(everything{}, size{}, common{})); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	var got everything
	v := read(t, "raw: {a: [1]}", settings.Flow)
	if list := settings.Decode(v, &got); len(list) > 0 || got.Raw != v.Get("raw") {
		t.Errorf("raw: %v %v", got.Raw, list)
	}
}

func TestDecodeFindsEveryMistake(t *testing.T) {
	for text, want := range map[string]string{
		"[a]":                       "flow:1:1 STK1204 this must be a map, not a list",
		"tex: a":                    "flow:1:1 STK1203 unknown field \"tex\" | did you mean \"text\"?",
		"Text: a":                   "flow:1:1 STK1203 unknown field \"Text\" | did you mean \"text\"?",
		"zzzzzz: a":                 "flow:1:1 STK1203 unknown field \"zzzzzz\"",
		"Untagged: a":               "flow:1:1 STK1203 unknown field \"Untagged\"",
		"text: [a]":                 "flow:1:7 STK1204 text must be text, not a list",
		"flag: 'true'":              "flow:1:7 STK1204 flag must be true or false, not the text \"true\" | write true",
		"flag: no":                  "flow:1:7 STK1204 flag must be true or false, not the text \"no\" | write false",
		"flag: 1":                   "flow:1:7 STK1204 flag must be true or false, not 1",
		"int: '3'":                  "flow:1:6 STK1204 int must be a whole number, not the text \"3\" | write 3 without quotes",
		"int: 3.0":                  "flow:1:6 STK1204 int must be a whole number, not 3.0",
		"int: 99999999999999999999": "flow:1:6 STK1204 int must be a whole number, not 99999999999999999999",
		"small: 128":                "flow:1:8 STK1204 small must be a whole number, not 128",
		"uint: -1":                  "flow:1:7 STK1204 uint must be a whole number, zero or more, not -1",
		"float: a":                  "flow:1:8 STK1204 float must be a number, not the text \"a\"",
		"list: a b":                 "flow:1:7 STK1204 list must be a list, not the text \"a b\" | write [a b]",
		"list: 'a, b'":              "flow:1:7 STK1204 list must be a list, not the text \"a, b\" | write [\"a, b\"]",
		"list: {a: 1}":              "flow:1:7 STK1204 list must be a list, not a map",
		"list: [[a]]":               "flow:1:8 STK1204 an item of list must be text, not a list",
		"list: [~]":                 "flow:1:8 STK1204 an item of list is empty | remove it, or write \"\"",
		"map: [a]":                  "flow:1:6 STK1204 map must be a map, not a list",
		"map: {a: {}}":              "flow:1:10 STK1204 a must be text, not a map",
		"nested: {}":                "flow:1:9 STK1205 \"value\" is missing",
		"nested: {value: null}":     "flow:1:9 STK1205 \"value\" is missing",
		"mode: fas":                 "flow:1:7 STK1206 mode cannot be \"fas\" | did you mean \"fast\"?",
		"modes: [fast, x]":          "flow:1:15 STK1206 modes cannot be \"x\"",
		"size: 1GB":                 "flow:1:7 STK1206 size: not a size | write 1GiB",
		"size: ''":                  "flow:1:7 STK1206 size: a size is needed",
		"size: [1]":                 "flow:1:7 STK1204 size must be a single value, not a list",
		"tex: a\nint: b\nlist: c\nmany: [{value: d}, {valu: 1}]": strings.Join([]string{
			"flow:1:1 STK1203 unknown field \"tex\" | did you mean \"text\"?",
			"flow:2:6 STK1204 int must be a whole number, not the text \"b\"",
			"flow:3:7 STK1204 list must be a list, not the text \"c\" | write [c]",
			"flow:4:16 STK1204 value must be a whole number, not the text \"d\"",
			"flow:4:21 STK1203 unknown field \"valu\" | did you mean \"value\"?",
			"flow:4:20 STK1205 \"value\" is missing",
		}, "\n"),
	} {
		var into everything
		list := settings.Decode(read(t, text, settings.Flow), &into)
		if diff := cmp.Diff(want, shown(list)); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestDecodeLeavesDefaults(t *testing.T) {
	into := everything{Text: "kept", List: []string{"kept"}}
	if list := settings.Decode(read(t, "flag: true\ntext: null", settings.Flow), &into); len(list) > 0 {
		t.Fatal(shown(list))
	}
	if into.Text != "kept" || len(into.List) != 1 || !into.Flag {
		t.Errorf("%+v", into)
	}
}

func TestCheckReadsALayerAsItIsMeant(t *testing.T) {
	for text, want := range map[string]string{
		"image: {apt: {append: [a], remove: [b]}, requirements: {remove: [x]}, args: {remove: [y]}, user: null}": "",
		"image: {apt: {append: [[a]]}}": "flow:1:24 STK1204 an item of apt must be text, not a list",
		"image: {apt: {append: a}}":     "flow:1:23 STK1204 append must be a list, not the text \"a\" | write append: [a]",
		"image: {apt: {apend: [a]}}":    "flow:1:14 STK1204 apt must be a list, not a map | did you mean \"append\"?",
		"image: {aptt: {append: [a]}}":  "flow:1:9 STK1203 unknown field \"aptt\" | did you mean \"apt\"?",
		"command: {append: [a]}":        "flow:1:10 STK1204 command must be a list, not a map | did you mean \"append\"?",
	} {
		list := settings.Check(read(t, text, settings.Flow), reflect.TypeFor[layered]())
		if diff := cmp.Diff(want, shown(list)); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	if list := settings.Check(nil, reflect.TypeFor[layered]()); list != nil {
		t.Error(shown(list))
	}

}
