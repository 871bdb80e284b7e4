# Builders far from the default registries set their mirrors:
#   docker build --build-arg GOPROXY=… --build-arg BASE=…/ .
ARG BASE=""
FROM ${BASE}golang:1.26-bookworm AS build
ARG GOPROXY
ENV GOPROXY=${GOPROXY} GOFLAGS=-mod=readonly CGO_ENABLED=0
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    git config --global --add safe.directory /src && \
    go build -trimpath -ldflags '-s -w' -o /out/paymux . && \
    install -d -m 0700 /out/data

FROM ${BASE}debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates tzdata && \
    rm -rf /var/lib/apt/lists/* && \
    useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin paymux
COPY --from=build /out/paymux /usr/local/bin/paymux
COPY --from=build --chown=10001:10001 /out/data /var/lib/paymux
USER 10001:10001
WORKDIR /var/lib/paymux
VOLUME /var/lib/paymux
EXPOSE 8080
ENTRYPOINT ["paymux"]
CMD ["serve", "--migrate", "--config", "/etc/paymux/config.yaml"]
