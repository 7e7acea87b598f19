# syntax=docker/dockerfile:1

# One image for each service and one for the operator's command line:
#
#   docker build --target task-service --tag taskmesh/task-service:dev .
#
# Targets: task-service, recurrence-service, notification-service, realtime-service, audit-service, api-gateway, taskmesh.

FROM rust:1.95-bookworm AS source
WORKDIR /source
COPY . .

# The services are built together, because nearly all that they are made of is the same. The compiler's work stays in the
# caches of the machine that builds; only /programs is kept in the stage.
FROM source AS services
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/source/target,sharing=locked \
    cargo build --release --locked --bins \
        --package task-service \
        --package recurrence-service \
        --package notification-service \
        --package realtime-service \
        --package audit-service \
        --package api-gateway \
    && mkdir /programs \
    && cp target/release/task-service target/release/recurrence-service target/release/notification-service \
        target/release/realtime-service target/release/audit-service target/release/api-gateway /programs/

# By itself, because it brings the servers of `taskmesh up` with it, which take long to build and no service needs.
FROM source AS command-line
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/source/target,sharing=locked \
    cargo build --release --locked --bins --package taskmesh \
    && mkdir /programs \
    && cp target/release/taskmesh /programs/

# What every program needs: the system's certificate authorities and OpenSSL. The user has a number and no name, so that
# Kubernetes can tell that it is not root.
FROM debian:bookworm-slim AS runtime
# No pinned versions: security updates must come in, and Debian keeps no old versions.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libssl3 \
    && rm -rf /var/lib/apt/lists/*
USER 10001:10001

FROM runtime AS taskmesh
COPY --from=command-line /programs/taskmesh /usr/local/bin/
ENTRYPOINT ["/usr/local/bin/taskmesh"]
CMD ["--help"]

FROM runtime AS recurrence-service
COPY --from=services /programs/recurrence-service /usr/local/bin/
EXPOSE 50051 9180
ENTRYPOINT ["/usr/local/bin/recurrence-service"]
CMD ["serve"]

FROM runtime AS notification-service
COPY --from=services /programs/notification-service /usr/local/bin/
EXPOSE 50051 9180
ENTRYPOINT ["/usr/local/bin/notification-service"]
CMD ["serve"]

FROM runtime AS realtime-service
COPY --from=services /programs/realtime-service /usr/local/bin/
EXPOSE 50051 9180
ENTRYPOINT ["/usr/local/bin/realtime-service"]
CMD ["serve"]

FROM runtime AS audit-service
COPY --from=services /programs/audit-service /usr/local/bin/
EXPOSE 50051 9180
ENTRYPOINT ["/usr/local/bin/audit-service"]
CMD ["serve"]

FROM runtime AS task-service
COPY --from=services /programs/task-service /usr/local/bin/
EXPOSE 50051 9180
ENTRYPOINT ["/usr/local/bin/task-service"]
CMD ["serve"]

FROM runtime AS api-gateway
COPY --from=services /programs/api-gateway /usr/local/bin/
EXPOSE 8080 9180
ENTRYPOINT ["/usr/local/bin/api-gateway"]
CMD ["serve"]
