# What a developer does here. `make` alone lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# The same bytes from the same commit, wherever it is built; and no C library needed.
GOBUILD := CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)'

# Modules apart from the main one, so that what they need is no dependency of stack.
TOOL_MODULES := tools tools/lint
MODULES := . $(TOOL_MODULES) test/real/engine

# Packages of tests that need the real parts, and the tag that compiles them.
E2E_TAG := e2e
E2E_TIMEOUT ?= 45m
# One package at a time: two of them would share two cores and both engines.
E2E_FLAGS ?= -p 1

.PHONY: help
help: ## list what can be done
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build stack, its two orchestrators and its builder into bin/
	@mkdir -p bin
	$(GOBUILD) -o bin/stack ./cmd/stack
	$(GOBUILD) -o bin/stack-orchestrator-local ./plugins/local
	$(GOBUILD) -o bin/stack-orchestrator-docker ./plugins/docker
	$(GOBUILD) -o bin/stack-builder-docker ./imagebuilders/docker

.PHONY: demo
demo: ## run the example flow on this machine; needs nothing but Go
	@mkdir -p bin
	$(GOBUILD) -o bin/stack ./cmd/stack
	$(GOBUILD) -o bin/stack-orchestrator-local ./plugins/local
	bin/stack run examples/hello/flow.yaml

.PHONY: test
test: ## run the tests that need nothing but Go
	go test ./...
	@for m in $(TOOL_MODULES); do echo "go -C $$m test ./..."; go -C $$m test ./...; done

.PHONY: race
race: ## run the same tests with the race detector
	CGO_ENABLED=1 go test -race ./...
	@for m in $(TOOL_MODULES); do echo "go -C $$m test ./..."; go -C $$m test ./...; done

.PHONY: e2e
e2e: build ## run the tests against real engines, a registry and package indexes (root, Debian 12); STACK_E2E_KEEP=1 leaves them up
	@[ -n "$${STACK_E2E_KEEP:-}" ] || trap 'test/real/down.sh' EXIT; \
	test/real/up.sh; \
	. "$${STACK_E2E_RUN:-/run/stack-e2e}/env"; \
	go test -tags $(E2E_TAG) -timeout $(E2E_TIMEOUT) -count 1 $(E2E_FLAGS) $${E2E_PACKAGES:-$$(test/real/packages.sh)}

.PHONY: lint
lint: ## vet, staticcheck, unused parameters and the analyzers of tools/lint
	@mkdir -p bin/lint
	go -C tools/lint build -o $(CURDIR)/bin/lint/ . honnef.co/go/tools/cmd/staticcheck mvdan.cc/unparam
	go vet -tags $(E2E_TAG) ./...
	go vet -vettool=$(CURDIR)/bin/lint/lint -errcheck.exclude=$(CURDIR)/tools/lint/errcheck.txt ./...
	bin/lint/staticcheck -tags $(E2E_TAG) ./...
	bin/lint/unparam -exported=false ./...
	@for m in $(TOOL_MODULES); do echo "go -C $$m vet ./..."; go -C $$m vet ./...; done

.PHONY: generate
generate: ## write every generated file anew
	go -C tools run . ..
	go test ./test/house -run 'TestDiagnosticsPage|TestFlowSchema' -count 1 -update

.PHONY: verify
verify: ## fail when a generated file, a go.mod or formatting is stale; writes nothing
	go -C tools run . -check ..
	go test ./test/house -run 'TestDiagnosticsPage|TestFlowSchema' -count 1
	@for m in $(MODULES); do echo "go -C $$m mod tidy -diff"; go -C $$m mod tidy -diff; done
	@for m in $(MODULES); do echo "go -C $$m mod verify"; go -C $$m mod verify >/dev/null; done
	@unformatted=$$(git ls-files -co --exclude-standard '*.go' | xargs -r -d '\n' ls -d 2>/dev/null | xargs -r -d '\n' gofmt -l); \
	  [ -z "$$unformatted" ] || { echo "not formatted by gofmt:"; echo "$$unformatted"; exit 1; }

.PHONY: bench
bench: build ## measure what must be fast beside its target; containers too when the real parts are up
	@if [ -s "$${STACK_E2E_RUN:-/run/stack-e2e}/env" ]; then . "$${STACK_E2E_RUN:-/run/stack-e2e}/env"; fi; \
	go run ./test/bench -bin bin

.PHONY: clean
clean: ## remove what was built here (not the cache of the real parts)
	rm -rf bin
	find . -name '*.test' -o -name '*.out' | xargs -r rm -f
