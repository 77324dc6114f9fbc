package settings

import (
	"reflect"
	"strconv"
	"strings"
)

// scalar fills a text, a boolean or a number. Only text takes what the format
// holds for another type.
func (d *decoder) scalar(v *Value, into reflect.Value, name string) {
	want, ok := "text", v.Kind == Scalar
	switch kind := into.Kind(); kind {
	case reflect.String:
		if ok {
			into.SetString(v.Text)
		}
	case reflect.Bool:
		want = "true or false"
		if ok = ok && v.Type == Bool; ok {
			into.SetBool(strings.EqualFold(v.Text, "true"))
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		want = "a whole number"
		if ok = ok && v.Type == Int; ok {
			n, err := parseInt(v.Text, into.Type().Bits())
			if ok = err == nil; ok {
				into.SetInt(n)
			}
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		want = "a whole number, zero or more"
		if ok = ok && v.Type == Int; ok {
			n, err := parseInt(v.Text, 64)
			if ok = err == nil && n >= 0 && !into.OverflowUint(uint64(n)); ok {
				into.SetUint(uint64(n))
			}
		}
	case reflect.Float32, reflect.Float64:
		want = "a number"
		if ok = ok && (v.Type == Int || v.Type == Float); ok {
			n, err := parseFloat(v.Text)
			if ok = err == nil; ok {
				into.SetFloat(n)
			}
		}
	default:
		panic("settings: no way to decode into " + into.Type().String())
	}
	if !ok {
		d.wrong(v, name, want)
	}
}

func parseFloat(text string) (float64, error) {
	if n, err := parseInt(text, 64); err == nil {
		return float64(n), nil
	}
	return strconv.ParseFloat(strings.Replace(strings.ToLower(text), ".inf", "inf", 1), 64)
}
