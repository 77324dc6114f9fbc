# The stacks of this repository's examples. `stack stacks list` shows them.

# Images are pushed here when it is set: --var registry=localhost:5000/stack
variable "registry" {
  type        = string
  default     = ""
  description = "Where images are pushed; empty keeps them in the local Docker Engine."
}

# For machines that cannot reach Docker Hub: --var mirror=mirror.corp/hub
variable "mirror" {
  type        = string
  default     = ""
  description = "A registry that mirrors docker.io."
}

stack_config {
  registry_mirrors = var.mirror == "" ? {} : { "docker.io" = var.mirror }
}

# Steps are processes on this machine; no image is built.
stack "local" {
  orchestrator "local" {}
}

# Steps are containers on the local Docker Engine.
stack "docker" {
  orchestrator "docker" {}
  image_builder "docker" {}
  container_registry { uri = var.registry }
}

default_stack = "local"
