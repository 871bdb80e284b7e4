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
    go build -trimpath -ldflags '-s -w' -o /out/usr/local/bin/paymux . && \
    install -D -m 0644 /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ca-certificates.crt && \
    install -d -m 0700 /out/var/lib/paymux && \
    install -d -m 1777 /out/tmp

# The binary and the authorities that it believes: no shell, no package, nothing else to patch.
# Times are in Asia/Shanghai by a fixed offset, so no time zones are needed.
FROM scratch
COPY --from=build --chown=0:0 /out/usr /usr
COPY --from=build --chown=0:0 /out/etc /etc
COPY --from=build --chown=0:0 /out/tmp /tmp
COPY --from=build --chown=10001:10001 /out/var/lib/paymux /var/lib/paymux
USER 10001:10001
WORKDIR /var/lib/paymux
VOLUME /var/lib/paymux
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 CMD ["/usr/local/bin/paymux", "probe", "http://127.0.0.1:8080/healthz"]
ENTRYPOINT ["/usr/local/bin/paymux"]
CMD ["serve", "--migrate", "--config", "/etc/paymux/config.yaml"]
