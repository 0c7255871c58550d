# The workflow and the packages of requirements.lock; docs/how-to/run.md says how to use it.
FROM python:3.12-slim
WORKDIR /strsbp
COPY requirements.lock ./
RUN python -m pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY . ./
RUN python -m pip install --no-cache-dir --no-deps --no-build-isolation --editable .
# Any user can write here, also where the container itself cannot be changed. Snakemake asks for the
# user's name, which an id given by --user does not have.
ENV XDG_CACHE_HOME=/tmp/strsbp-cache USER=strsbp
WORKDIR /work
ENTRYPOINT ["python", "-m", "snakemake", "--snakefile", "/strsbp/workflow/Snakefile"]
CMD ["--cores", "all"]
