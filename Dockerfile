# One image with every program; the command says which one runs. No shell, no package manager, not root.
#
#   docker build -t hocba:dev .

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# Queries are checked against .sqlx: a build needs no database.
ENV SQLX_OFFLINE=true
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bins --workspace --exclude hocba-cluster \
    && mkdir /out \
    && find target/release -maxdepth 1 -type f -executable -name 'hocba*' -exec install -s -m 0755 -t /out {} +

# glibc, libgcc, root certificates and the user nonroot (65532); nothing else.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /out/ /usr/local/bin/
USER 65532:65532
EXPOSE 7000 8443
# Which program: `docker run hocba:dev hocba-records serve`; without one, the tool for people.
CMD ["hocbactl", "--help"]
