# Builds the server and puts it, with the libraries it needs, into a small image.
#
#     docker build -t needletail .
#     docker run -d -p 127.0.0.1:6379:6379 -v needletail:/data \
#         -v ./my.conf:/etc/needletail/needletail.conf:ro needletail
#
# Protected mode is on as everywhere: until the file of settings has `requirepass`,
# only clients inside the container are served, whatever ports are published.

FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends libjemalloc-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /needletail
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests
RUN swift build -c release --static-swift-stdlib --product needletail-server -Xlinker -S \
    && cp "$(swift build -c release --show-bin-path)/needletail-server" /needletail-server

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends libjemalloc2 libstdc++6 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 999 needletail \
    && useradd --system --uid 999 --gid needletail --home-dir /data --shell /usr/sbin/nologin needletail \
    && install -d -o needletail -g needletail -m 0700 /data
COPY --from=build /needletail-server /usr/local/bin/needletail-server
COPY needletail.conf /etc/needletail/needletail.conf
USER needletail
WORKDIR /data
VOLUME /data
EXPOSE 6379
STOPSIGNAL SIGTERM

# Healthy is who answers, be it that a password is missing. PORT for another port.
ENV PORT=6379
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/$PORT && printf 'PING\\r\\n' >&3 && read -r -t 2 reply <&3 && [[ $reply == +PONG* || $reply == -NOAUTH* ]]"]

ENTRYPOINT ["needletail-server"]
CMD ["/etc/needletail/needletail.conf"]
