package image

// Inputs is what went into a key, one text per input, for labels of the image
// and for saying why a key differs from another.
type Inputs map[string]string

// Labels is the inputs as labels of an image.
func (in Inputs) Labels() map[string]string { return nil }

// InputsFromLabels reads what Labels wrote; other labels are left out.
func InputsFromLabels(labels map[string]string) Inputs { return nil }

// Reasons says in which inputs two keys differ.
func Reasons(old, new Inputs) []string { return nil }
