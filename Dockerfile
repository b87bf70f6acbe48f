# The image of the GitHub Action (action.yml) and of `docker run`. GitHub's runner builds it; so does
#
#	docker build --tag headgate .
#
# Both bases can be replaced, for example by a mirror's: --build-arg GO_IMAGE=… --build-arg BASE_IMAGE=…
# Every instruction is one that Docker's classic builder knows too.
ARG GO_IMAGE=golang:1.26-trixie
ARG BASE_IMAGE=debian:trixie-slim

FROM ${GO_IMAGE} AS build
# The modules are a layer of their own: they change less often than the code. What is copied is named, since some runners
# send the whole workspace as the context, and a change elsewhere must not make a new image.
COPY go.mod go.sum main.go /src/
RUN go -C /src mod download
COPY internal /src/internal
RUN CGO_ENABLED=0 go -C /src build -trimpath -ldflags='-s -w' -o /headgate . \
 && go clean -cache

FROM ${BASE_IMAGE}
# PostgreSQL's binaries are what the local provider starts where no container can be had. Debian would make and keep a
# cluster of its own at installation; Headgate makes a throwaway one for each run. The just-in-time compiler is a third
# of it all, is of no use to statements that are only planned, and PostgreSQL goes on where its library is absent.
RUN mkdir -p /etc/postgresql-common \
 && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf \
 && apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates git postgresql-17 \
 && rm -rf /var/lib/apt/lists/* /usr/lib/postgresql/17/lib/llvmjit* /usr/lib/postgresql/17/lib/bitcode \
      /usr/lib/*/libLLVM* /usr/lib/llvm-*
COPY --from=build /headgate /usr/local/bin/headgate
ENTRYPOINT ["/usr/local/bin/headgate"]
