# The companion with nothing else installed: docker build -t companion . && docker run companion
FROM python:3.11-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends make chromium \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /companion
COPY . .
RUN make env
# the author's files, if any: docker run -v path/to/the/files:/data -e COMPANION_DATA=/data companion
CMD ["./reproduce_min.sh"]
