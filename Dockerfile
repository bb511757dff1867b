# The worker, and with other arguments every other command of microconv.
FROM python:3.11-slim AS build
WORKDIR /source
RUN python -m venv /opt/microconv
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY stream ./stream
# The core is compiled, so this stage, and it alone, needs a compiler. Dependencies have wheels.
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev
RUN MICROCONV_COMPILE=1 /opt/microconv/bin/pip install --no-cache-dir .

FROM python:3.11-slim
RUN useradd --system --create-home --home-dir /var/lib/microconv microconv
COPY --from=build /opt/microconv /opt/microconv
ENV PATH=/opt/microconv/bin:$PATH PYTHONUNBUFFERED=1
USER microconv
WORKDIR /var/lib/microconv
EXPOSE 6066
# Whether the process answers; whether it has joined and recovered is /ready's to say.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:${MICROCONV_WEB__PORT:-6066}/health', timeout=3)"
# SIGTERM lets the worker finish its flush.
STOPSIGNAL SIGTERM
ENTRYPOINT ["microconv"]
CMD ["worker", "--preset", "ecommerce"]
