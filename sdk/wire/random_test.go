package wire

import (
	"math/rand/v2"
	"reflect"
	"time"
)

// exact are the strings that must arrive as they are, whatever bytes they hold;
// every other string is text in UTF-8.
func exact() map[string]bool {
	return map[string]bool{"Step.Command": true, "EnvVar.Value": true, "Configuration.Environment": true}
}

// random fills v, a pointer's target, with values of its type. Lists and maps
// that are empty are nil: protobuf does not tell them apart, and nothing in sdk
// does either.
func random(r *rand.Rand, v reflect.Value, anyBytes bool) {
	switch v.Interface().(type) {
	case time.Time:
		if r.IntN(3) > 0 {
			v.Set(reflect.ValueOf(time.Unix(r.Int64N(4e9)-1e9, r.Int64N(1e9)).UTC()))
		}
		return
	case time.Duration:
		v.SetInt(r.Int64N(1e17) * int64(r.IntN(2)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(randomString(r, anyBytes))
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt(r.Int64() >> r.IntN(64))
	case reflect.Float64:
		v.SetFloat(r.NormFloat64() * 1e6)
	case reflect.Pointer:
		if r.IntN(2) == 0 {
			v.Set(reflect.New(v.Type().Elem()))
			random(r, v.Elem(), anyBytes)
		}
	case reflect.Slice:
		if n := r.IntN(4); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				if v.Type().Elem().Kind() == reflect.Uint8 {
					v.Index(i).SetUint(uint64(r.IntN(256)))
				} else {
					random(r, v.Index(i), anyBytes)
				}
			}
		}
	case reflect.Map:
		if n := r.IntN(4); n > 0 {
			v.Set(reflect.MakeMap(v.Type()))
			for range n {
				key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
				key.SetString("k" + randomString(r, false)) // names hold no "="
				random(r, value, anyBytes)
				v.SetMapIndex(key, value)
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Name() + "." + v.Type().Field(i).Name
			if v.Type().Field(i).Type == v.Type() || name == "NestedBlock.Block" && r.IntN(3) > 0 {
				continue // keeps trees finite
			}
			random(r, v.Field(i), anyBytes || exact()[name])
		}
	default:
		panic("no random value for " + v.Type().String())
	}
}

func randomString(r *rand.Rand, anyBytes bool) string {
	if anyBytes {
		out := make([]byte, r.IntN(8))
		for i := range out {
			out[i] = byte(r.IntN(256))
		}
		return string(out)
	}
	alphabet := []rune("aZ09-_./:@ \t\n\"'\\$%é✓\U0001F600\x00")
	out := make([]rune, r.IntN(8))
	for i := range out {
		out[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(out)
}
