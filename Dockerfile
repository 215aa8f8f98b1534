# One image for worker, page and simulated fleet; the command says which. Kafka and ClickHouse run beside it.
FROM python:3.13-slim AS build
WORKDIR /build
COPY lock/uv.txt lock/dev.txt ./
RUN pip install --no-cache-dir --require-hashes --requirement uv.txt
COPY . source
# Hashes come from the lock; which of its packages are needed is what the project itself asks for, without the embedded stack.
RUN python -m venv /opt/photonwatch \
 && VIRTUAL_ENV=/opt/photonwatch uv pip install --no-cache --compile-bytecode --constraint dev.txt ./source

FROM python:3.13-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/photonwatch photonwatch
COPY --from=build /opt/photonwatch /opt/photonwatch
ENV PATH=/opt/photonwatch/bin:$PATH \
    PHOTONWATCH_HOME=/var/lib/photonwatch \
    NUMBA_CACHE_DIR=/var/lib/photonwatch/numba
USER photonwatch
WORKDIR /var/lib/photonwatch
VOLUME /var/lib/photonwatch
ENTRYPOINT ["photonwatch"]
CMD ["--help"]
