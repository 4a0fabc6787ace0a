# The companion with nothing else installed; the book is left in _build of this folder:
#   docker build -t companion .
#   docker run --rm -v "$(pwd)/_build:/companion/_build" companion
FROM python:3.11-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends make chromium \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /companion
COPY . .
RUN make env
# with the author's files: -v "$(pwd)/files:/data:ro" -e COMPANION_DATA=/data
CMD ["./reproduce_min.sh"]
