# A thin face of the runner: every target is one command, and `make` alone lists them.

# Variables; the environment does not change them, the command line does: make all C=64 BLOCKS=12
SERVER = quickstart
ENV = release
HOST = 127.0.0.1
PORT = 8080
C = 64,1000
N = 1M
BLOCKS =
FRAMEWORK =
OUT =
FUZZ_SECONDS = 600

# Not --locked: cargo enters a new folder under frameworks/ into Cargo.lock here, and moves nothing
# else. Everything the runner builds is --locked.
# A build shows what cargo does; if there is nothing to build, cargo is silent.
BUILT = $(or $(CARGO_TARGET_DIR),target)/release/runner
SOURCES = Cargo.toml Cargo.lock runner/Cargo.toml runner/src
QUIET = $(if $(wildcard $(BUILT)),$(if $(shell find $(SOURCES) -newer $(BUILT) -type f -print -quit),,--quiet))
RUNNER = cargo run $(QUIET) --release --package runner --
VARIANT = --server $(SERVER) --env $(ENV)
OUT_OPTION = $(if $(OUT),--out $(OUT))
BLOCKS_OPTION = $(if $(BLOCKS),--blocks $(BLOCKS))
BENCH = $(RUNNER) bench $(VARIANT) --connections $(C) --requests $(N) $(BLOCKS_OPTION) $(OUT_OPTION)

# A variable that a target does not use would be ignored silently: $(call uses,VARIABLE ...) refuses the others.
VARIABLES = SERVER ENV HOST PORT C N BLOCKS FRAMEWORK OUT FUZZ_SECONDS
uses = $(foreach one,$(filter-out $(1),$(VARIABLES)),$(if $(findstring command,$(origin $(one))),$(error $(one) changes nothing in make $@; it uses: $(or $(strip $(1)),no variable))))

.PHONY: help list all bench matrix accepts sweep latency isolated memory costs python-today verify report agreement compare-generators compare-peers scale-generator doctor deny settling starvation layout hostile fuzz test clean
.SUFFIXES:
# They are for make, and mean something else to cargo and to shells.
unexport SERVER ENV HOST PORT C N BLOCKS FRAMEWORK OUT

help:
	@echo 'make NAME                  serve one framework; SERVER=tuned ENV=max PORT=8081'
	@echo 'make list                  list the frameworks'
	@echo 'make all                   measure all of them: C=64,1000 N=1M BLOCKS=20 OUT=FOLDER'
	@echo 'make bench FRAMEWORK=NAME  measure one against the baseline'
	@echo 'make matrix                quickstart and tuned servers, release and max builds, side by side: C= BLOCKS=12'
	@echo 'make accepts               1, 10, 100 requests per connection: what an accept costs: C= BLOCKS=8'
	@echo 'make sweep                 from 1 connection to 4000: rate, service time, fairness, CPU: BLOCKS=8'
	@echo 'make latency               response times and CPU at equal rates, open loop: BLOCKS=12'
	@echo 'make isolated              time each framework alone, count its work, watch its memory (valgrind, strace)'
	@echo 'make costs                 cold builds with and without default features, crates, size, work: BLOCKS=3'
	@echo 'make python-today          the systems of the original on today'\''s Python, beside the baseline (python3): OUT=FOLDER'
	@echo 'make memory                memory per idle connection, under load, and after the last one was closed: BLOCKS=3'
	@echo 'make doctor                check whether this machine is fit to measure, and say what to change'
	@echo 'make verify                check each against docs/CONTRACT.md'
	@echo 'make hostile               send each malformed and unusual requests, and renew results/hostile-requests.md'
	@echo 'make report                renew all tables from the records in results/'
	@echo 'make settling              follow the first second of load: how long it takes to settle'
	@echo 'make starvation            which connections are served when there are many, by scheduler settings (CSV)'
	@echo 'make layout                how much code placement in memory matters: the baseline, linked in other orders'
	@echo 'make agreement             compare rates and percentiles with wrk (apt-get install wrk)'
	@echo 'make compare-generators    compare the load generator with wrk (apt-get install wrk)'
	@echo 'make compare-peers         compare it with wrk, ab, h2load and oha: three bodies, keep-alive or not (nginx)'
	@echo 'make scale-generator       what a request costs the generator, from 64 connections to 10,000 (strace)'
	@echo 'make fuzz                  fuzz all readers of untrusted bytes (nightly, cargo-fuzz): FUZZ_SECONDS=600'
	@echo 'make deny                  check licences and sources of all dependencies (cargo-deny)'
	@echo 'make test                  everything that is checked before a change lands'
	@echo 'make clean                 remove what was built'

list:
	$(call uses,)
	@$(RUNNER) list

all:
	$(call uses,SERVER ENV C N BLOCKS OUT)
	$(BENCH)

bench:
	$(call uses,SERVER ENV C N BLOCKS OUT FRAMEWORK)
	$(BENCH) $(FRAMEWORK)

matrix:
	$(call uses,C BLOCKS OUT FRAMEWORK)
	$(RUNNER) matrix --connections $(C) $(BLOCKS_OPTION) $(OUT_OPTION) $(FRAMEWORK)

accepts:
	$(call uses,SERVER ENV C BLOCKS OUT FRAMEWORK)
	$(RUNNER) accepts $(VARIANT) --connections $(C) $(BLOCKS_OPTION) $(OUT_OPTION) $(FRAMEWORK)

sweep:
	$(call uses,SERVER ENV BLOCKS OUT FRAMEWORK)
	$(RUNNER) sweep $(VARIANT) $(BLOCKS_OPTION) $(OUT_OPTION) $(FRAMEWORK)

latency:
	$(call uses,SERVER ENV BLOCKS OUT FRAMEWORK)
	$(RUNNER) latency $(VARIANT) $(BLOCKS_OPTION) $(OUT_OPTION) $(FRAMEWORK)

isolated:
	$(call uses,ENV BLOCKS OUT FRAMEWORK)
	$(RUNNER) isolated --env $(ENV) $(BLOCKS_OPTION) $(OUT_OPTION) $(FRAMEWORK)

costs:
	$(call uses,BLOCKS OUT FRAMEWORK)
	$(RUNNER) costs $(BLOCKS_OPTION) $(OUT_OPTION) $(FRAMEWORK)

# The only target that installs packages of another language: into target/.
python-today:
	$(call uses,BLOCKS OUT)
	results/2013-python/today/prepare
	$(RUNNER) bench --arms results/2013-python/today/arms.toml $(or $(BLOCKS_OPTION),--blocks 12) $(OUT_OPTION)

memory:
	$(call uses,SERVER ENV BLOCKS OUT FRAMEWORK)
	$(RUNNER) memory $(VARIANT) $(BLOCKS_OPTION) $(OUT_OPTION) $(FRAMEWORK)

doctor:
	$(call uses,)
	$(RUNNER) doctor

verify:
	$(call uses,SERVER ENV FRAMEWORK)
	$(RUNNER) verify $(VARIANT) $(FRAMEWORK)

hostile:
	$(call uses,)
	$(RUNNER) verify --hostile --page results/hostile-requests.md

report:
	$(call uses,)
	$(RUNNER) report

settling:
	$(call uses,SERVER ENV BLOCKS OUT FRAMEWORK)
	$(RUNNER) settling $(VARIANT) $(BLOCKS_OPTION) $(OUT_OPTION) $(FRAMEWORK)

starvation:
	$(call uses,)
	cargo bench --locked --package runner --bench starvation

layout:
	$(call uses,)
	cargo bench --locked --package runner --bench layout

agreement:
	$(call uses,)
	cargo bench --locked --package runner --bench agreement

compare-generators:
	$(call uses,)
	cargo bench --locked --package runner --bench generators

compare-peers:
	$(call uses,)
	cargo bench --locked --package runner --bench generators -- peers

scale-generator:
	$(call uses,)
	cargo bench --locked --package runner --bench generators -- scale

fuzz:
	$(call uses,FUZZ_SECONDS)
	@cargo +nightly fuzz --version >/dev/null || { echo 'needs a nightly toolchain and: cargo install cargo-fuzz'; exit 1; }
	cd runner && for target in $$(cargo +nightly fuzz list); do \
		cargo +nightly fuzz run $$target -- -max_total_time=$(FUZZ_SECONDS) || exit 1; done

deny:
	$(call uses,)
	@cargo deny --version >/dev/null || { echo 'needs: cargo install cargo-deny'; exit 1; }
	cargo deny --config .deny.toml check licenses bans sources

test:
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- --deny warnings
	RUSTDOCFLAGS='--deny warnings' cargo doc --locked --package runner --no-deps
	cargo test --locked --package runner --package controls
	cargo test --locked --package isolated --features counting
	@if command -v mpicc >/dev/null && mpirun --version 2>/dev/null | grep -q 'Open MPI' && ldconfig -p | grep -q libclang; then \
		cargo clippy --locked --package runner --features mpi --lib --bins --test ranks -- --deny warnings && \
		cargo test --locked --package runner --features mpi --lib --test ranks --no-run && \
		cargo test --locked --package runner --features mpi --lib -- ranks:: together:: several:: && \
		cargo test --locked --package runner --features mpi --test ranks -- --nocapture; \
	else echo 'not tested: several hosts as one run, which needs Open MPI (openmpi-bin, libopenmpi-dev, libclang-dev)'; fi
	cargo test --locked --package runner --test browser -- --ignored --nocapture --test-threads=1
	cargo test --locked --package runner --test shootout -- --ignored --nocapture

clean:
	cargo clean

# Any other name is a framework's; an unknown one is answered with those there are.
%: FORCE
	$(call uses,SERVER ENV HOST PORT)
	@$(RUNNER) serve $(VARIANT) --address $(HOST):$(PORT) $@
FORCE: ;
Makefile: ;
