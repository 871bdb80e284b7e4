# make help lists what there is; each line below with ## is one entry.
.DEFAULT_GOAL := help
.PHONY: help demo build test cover check fmt lint fuzz bench bench-peers openapi conformance sim mutants chaos attack ci

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## the whole of it on this machine: server, simulated gateway, demo shop
	go run . demo

build: ## bin/paymux, one static binary that knows its commit
	CGO_ENABLED=0 go build -trimpath -buildvcs=true -ldflags '-s -w' -o bin/paymux .

test: ## all tests with the race detector, on SQLite and MariaDB; PKG=./core/... for some of them
	@.ci/test $(PKG)

cover: ## coverage.html
	@.ci/test -coverprofile=coverage.out -coverpkg=./... $(or $(PKG),./...)
	@go tool cover -html=coverage.out -o coverage.html
	@go tool cover -func=coverage.out | tail -n 1

check: ## what is quick: format, vet, arrows and shape, tidiness, linters
	@git ls-files --error-unmatch go.mod >/dev/null
	@files=$$(git ls-files '*.go' | xargs gofmt -l); test -z "$$files" || { echo "gofmt would change: $$files"; exit 1; }
	@go vet ./...
	@go test .
	@go mod tidy -diff
	@.ci/lint

fmt: ## gofmt on everything
	@git ls-files '*.go' | xargs gofmt -w

lint: ## the linters alone (.golangci.yml)
	@.ci/lint

fuzz: ## every fuzz target, FUZZ=20 seconds each, two at a time
	@.ci/fuzz $(or $(FUZZ),20)

bench: ## benchmarks with allocations; PKG=./adapters/alipay for some of them
	@go test -run '^$$' -bench . -benchmem $(or $(PKG),./...)

bench-peers: ## other SDKs measured beside ours
	@.ci/tagged peers -v -bench .

openapi: ## web/openapi.yaml against a linter and generated clients in Go and TypeScript
	@.ci/openapi

conformance: ## our client and our simulator judged by the official SDK and by gopay, CASES=20000 each
	@CASES=$(or $(CASES),20000) .ci/tagged conformance -v
	@cd adapters/alipay/sim/conformance/gopay && CASES=$(or $(CASES),20000) GOWORK=off go test -count=1 -timeout 0 -v .

sim: ## deterministic simulation, ORDERS=20000 SEED=1
	@SIM_ORDERS=$(or $(ORDERS),20000) SIM_SEED=$(or $(SEED),1) go test -count=1 -timeout 0 -v -run '^TestSimulation' ./core/...

mutants: ## known mistakes, one at a time; each must be caught; MUTANTS=recent for those that CI tries
	@MUTANTS=$(MUTANTS) .ci/tagged mutants -v

chaos: ## the real binary under kill -9 on MariaDB, CYCLES=1000
	@CYCLES=$(or $(CYCLES),1000) .ci/tagged chaos -v

attack: ## what another merchant sees before and during each of some attacks, on this machine only
	@.ci/tagged attack -v

ci: ## all that must hold before a change is taken
	@.ci/run
