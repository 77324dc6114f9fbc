package plan

import "testing"

// A lock that says what the registry says changes nothing about what is done: a
// plan that was saved before it is still fresh.
func TestALockIsNoPartOfWhatIsDone(t *testing.T) {
	with := func(base Base) Plan { return Plan{Images: []Image{{Key: "k", Base: &base}}} }
	before, after := with(Base{Reference: "a:1", Digest: "sha256:1"}), with(Base{Reference: "a:1", Digest: "sha256:1", Locked: true})
	if err := CheckFresh(before, after); err != nil {
		t.Error(err)
	}
	if !after.Images[0].Base.Locked {
		t.Error("the plan was changed by looking at it")
	}
	if err := CheckFresh(before, with(Base{Reference: "a:1", Digest: "sha256:2", Locked: true})); err == nil {
		t.Error("another digest is taken for the same")
	}
}
