# What one does with Needletail. Each target installs what it is missing.

SERVER := .build/release/needletail-server
RELEASE := -c release --static-swift-stdlib --product needletail-server -Xlinker -S

.PHONY: run build test bench conformance fuzz tidy peers tools

## Builds release and starts a server on port 6379.
run: build
	mkdir -p data
	$(SERVER) --dir data $(ARGS)

build: tools
	swift build $(RELEASE)

## Unit and family tests, then the smoke run of Redis's own suite.
test: tools peers
	swift build --build-tests
	swift test --skip-build
	swift build $(RELEASE)
	python3 Conformance/run.py --smoke

## The tables of README.md, beside the peers. ROWS=cpu,memory,idle,latency
bench: build peers
	python3 Benchmarks/bench.py $(if $(ROWS),--rows $(ROWS)) $(ARGS)
	python3 Benchmarks/instructions.py

## Redis's Tcl suite and client scripts. FILES="unit/expire unit/auth"
conformance: build peers
	python3 Conformance/run.py $(FILES) $(if $(FILES),,--clients)

fuzz: tools
	swift build -c release --product needletail-fuzz
	.build/release/needletail-fuzz resp --seconds $(or $(SECONDS),60)
	.build/release/needletail-fuzz arguments --seconds $(or $(SECONDS),60)

## The style test.
tidy:
	python3 Tools/tidy.py

tools:
	@Tools/install.sh build

peers:
	@Tools/install.sh peers
