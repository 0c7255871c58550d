# The workflow and the packages of requirements.lock. Results come into the current folder:
#     docker build --tag strsbp .
#     docker run --rm --user "$(id -u)" --volume "$PWD:/work" strsbp --cores 2
# With Apptainer, which mounts that folder by itself:
#     apptainer build strsbp.sif docker-daemon:strsbp:latest
#     apptainer run strsbp.sif --cores 2
FROM python:3.12-slim
WORKDIR /strsbp
COPY requirements.lock ./
RUN python -m pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY . ./
RUN python -m pip install --no-cache-dir --no-deps --no-build-isolation --editable .
# Any user can write here, also where the container itself cannot be changed.
ENV XDG_CACHE_HOME=/tmp/strsbp-cache
WORKDIR /work
ENTRYPOINT ["python", "-m", "snakemake", "--snakefile", "/strsbp/workflow/Snakefile"]
CMD ["--cores", "all"]
