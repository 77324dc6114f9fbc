# Where flows run. `stack stacks list` shows these; docs/stacks.md has all blocks.

# Steps are processes on this machine; no image is built.
stack "local" {
  orchestrator "local" {}
}

# Steps are containers on the local Docker Engine.
stack "docker" {
  orchestrator "docker" {}
  image_builder "docker" {}
  # container_registry { uri = "localhost:5000/team" }   # push images here
}

default_stack = "local"
