# A thin face over go commands. `make test` needs Go and git, and uses PostgreSQL's binaries and Docker where they are.
# HEADGATE_REQUIRE=local,container makes a test fail that would otherwise be skipped for want of them.

GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
ACTIONLINT    := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
ACT           := github.com/nektos/act@v0.2.89
FUZZTIME      ?= 10s

# The race detector needs a C compiler.
RACE ?= $(if $(shell command -v $$(go env CC)),-race)

.PHONY: build test lint demo images act fuzz clean

build:
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o headgate .

test:
	go test -timeout 30m $(RACE) ./...

# go run builds a tool once and keeps it in Go's build cache.
lint:
	go vet ./...
	go run $(GOLANGCI_LINT) run
	go run $(ACTIONLINT)
	go mod tidy -diff

demo:
	go run . demo

# Stand-ins for the container images that the tests use, where no registry can be reached. Needs root.
images:
	testdata/images/build

# The action in a workflow, end to end, by a local runner. Needs Docker and the images.
act:
	ACT='go run $(ACT)' testdata/act/run

# Each fuzz test for a short time.
fuzz:
	@grep -rlE '^func Fuzz' --include='*_test.go' . | sort | while read -r file; do \
		grep -oE '^func Fuzz[A-Za-z0-9_]*' "$$file" | cut -c6- | while read -r name; do \
			echo "$$(dirname "$$file") $$name"; \
			go test "$$(dirname "$$file")" -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) || exit 1; \
		done || exit 1; \
	done

clean:
	rm -f headgate headgate-report.json
