# syntax=docker/dockerfile:1
# One file, a target per role: docker build --target api|worker-cpu|worker-gpu .

# As it is, or by digest: --build-arg PYTHON_IMAGE=python:3.12-slim@sha256:… (`make pin-images` tells it).
ARG PYTHON_IMAGE=python:3.12-slim
FROM ${PYTHON_IMAGE} AS python
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin photfit \
    && install -d -o photfit -g photfit /var/lib/photfit
WORKDIR /var/lib/photfit
# What libraries cache below HOME goes to /tmp: everything else may be read-only.
ENV PHOTFIT_DATA_DIR=/var/lib/photfit HOME=/tmp

# The build sees no git, and so no tag: a release says its own, as --build-arg VERSION=1.2.3.
FROM python AS wheel
ARG VERSION=
WORKDIR /source
COPY . .
RUN SETUPTOOLS_SCM_PRETEND_VERSION_FOR_PHOTFIT="$VERSION" pip wheel --no-deps --wheel-dir /wheels .

FROM python AS api
COPY --from=wheel /wheels /source/constraints.txt /wheels/
RUN pip install --constraint /wheels/constraints.txt "$(ls /wheels/photfit-*.whl)[server,postgres]"
COPY --from=wheel /source/examples /usr/local/share/photfit/examples
USER photfit
ENV PHOTFIT_EXAMPLES_DIR=/usr/local/share/photfit/examples
ENV PHOTFIT_HOST=0.0.0.0 PHOTFIT_PORT=8700
EXPOSE 8700
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8700/healthz', timeout=4)"]
CMD ["python", "-m", "app"]

# Torch's CPU build is a tenth of the size of the CUDA build: give the index that has it as --build-arg TORCH_INDEX=URL
# (PyTorch's "Get started" page names it); without it this is the same build as worker-gpu's.
FROM python AS worker-cpu
ARG TORCH_INDEX=
COPY --from=wheel /wheels /source/constraints.txt /wheels/
RUN pip install ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} \
    --constraint /wheels/constraints.txt "$(ls /wheels/photfit-*.whl)[worker,fast,postgres]"
# The engine's loops are compiled for the processor of whoever builds; on another a worker compiles them when it starts.
ENV NUMBA_CACHE_DIR=/var/cache/photfit
RUN install -d -o photfit -g photfit $NUMBA_CACHE_DIR
USER photfit
RUN python -m fitting.render.compiled
# SIGTERM gives a running job back to the queue.
STOPSIGNAL SIGTERM
CMD ["python", "-m", "worker", "--sole"]

# The CUDA libraries come with torch's wheels; the host needs NVIDIA's driver and container toolkit.
FROM python AS worker-gpu
COPY --from=wheel /wheels /source/constraints.txt /wheels/
RUN pip install --constraint /wheels/constraints.txt "$(ls /wheels/photfit-*.whl)[worker,fast,postgres]"
USER photfit
STOPSIGNAL SIGTERM
CMD ["python", "-m", "worker", "--sole"]
