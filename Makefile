# What one does with Needletail. Each target installs what it is missing.

SERVER := .build/release/needletail-server
RELEASE := -c release --static-swift-stdlib --product needletail-server -Xlinker -S

.PHONY: run build install bare test bench conformance fuzz tidy peers tools

## Builds release and starts a server on port 6379.
run: build
	mkdir -p data
	$(SERVER) --dir data $(ARGS)

build: tools
	swift build $(RELEASE)

## The program, its file of settings (one that is there stays) and what systemd needs to know.
PREFIX ?= /usr/local
install: build
	install -D -m 0755 $(SERVER) $(DESTDIR)$(PREFIX)/bin/needletail-server
	test -e $(DESTDIR)/etc/needletail/needletail.conf || \
		install -D -m 0644 needletail.conf $(DESTDIR)/etc/needletail/needletail.conf
	install -D -m 0644 Packaging/needletail.sysusers $(DESTDIR)/usr/lib/sysusers.d/needletail.conf
	install -D -m 0644 Packaging/needletail.tmpfiles $(DESTDIR)/usr/lib/tmpfiles.d/needletail.conf
	install -d $(DESTDIR)/usr/lib/systemd/system
	sed 's#/usr/local/bin#$(PREFIX)/bin#' Packaging/needletail.service > $(DESTDIR)/usr/lib/systemd/system/needletail.service

## Runs the release server in a minimal Debian without a toolchain, and times its start.
bare: build
	Tools/bare.sh $(SERVER)

## Unit and family tests, then the smoke run of Redis's own suite.
test: tools peers
	swift build --build-tests
	swift test --skip-build
	swift build $(RELEASE)
	python3 Conformance/run.py --smoke

## The tables of README.md and Docs/performance.md, beside the peers. ROWS=cpu,memory (see bench.py; all of them take an hour),types,items,messages
bench: build peers
	python3 Benchmarks/bench.py $(if $(ROWS),--rows $(ROWS)) $(ARGS)
	python3 Benchmarks/instructions.py

## Redis's Tcl suite and client scripts. FILES="unit/expire unit/auth"
conformance: build peers
	python3 Conformance/run.py $(FILES) $(if $(FILES),,--clients)

## Structures and values under AddressSanitizer, without jemalloc; then random requests and damaged files.
fuzz: tools
	NEEDLETAIL_SANITIZE=1 swift build --build-tests --sanitize=address --scratch-path .build-asan
	NEEDLETAIL_SANITIZE=1 swift test --skip-build --disable-xctest --sanitize=address --scratch-path .build-asan \
		--filter 'PrimitivesTests|StructuresTests|KeyspaceTests'
	swift build -c release --product needletail-fuzz
	.build/release/needletail-fuzz resp --seconds $(or $(SECONDS),60)
	.build/release/needletail-fuzz arguments --seconds $(or $(SECONDS),60)
	ulimit -v 6291456 && .build/release/needletail-fuzz rdb --seconds $(or $(SECONDS),60)
	ulimit -v 6291456 && .build/release/needletail-fuzz aof --seconds $(or $(SECONDS),60)

## The style test.
tidy:
	python3 Tools/tidy.py

tools:
	@Tools/install.sh build

peers:
	@Tools/install.sh peers
