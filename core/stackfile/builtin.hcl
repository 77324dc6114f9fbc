stack "local" {
  description = "steps are processes on this machine; no image is built"
  orchestrator "local" {}
}

stack "docker" {
  description = "steps are containers on the local Docker Engine, which keeps the images"
  orchestrator "docker" {}
  image_builder "docker" {}
}
