# One command each: set up, check, test, show, measure.
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: dev check test demo bench soak fuzz-pdf fuzz-xml fuzz-cms clean

dev: ## a virtual environment with everything that developing needs
	sh scripts/dev.sh

check: dev ## ruff, mypy --strict (for Windows and macOS too), import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32 pki hsm sdk cli
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin pki hsm sdk cli
	$(BIN)/lint-imports

test: ## install what the tests need and run them
	sh scripts/test.sh

demo: ## the main job, from a bare machine to a signed and verified công văn
	sh scripts/demo.sh

bench: dev ## compare with the physical limit and with peers: make bench [ONLY=prefix]
	sh scripts/bench.sh $(if $(ONLY),--only $(ONLY))

soak: dev ## 100,000 signatures while workers die and tokens vanish: make soak [N=5000]
	sh scripts/soak.sh $(if $(N),--count $(N))

fuzz-pdf: dev ## coverage-guided fuzzing of PDFs, findings in .fuzz/: make fuzz-pdf [SECONDS=300]
	sh scripts/fuzz.sh pdf --seconds $(or $(SECONDS),300)

fuzz-xml: dev ## coverage-guided fuzzing of XML, findings in .fuzz/xml/: make fuzz-xml [SECONDS=300]
	sh scripts/fuzz.sh xml --work .fuzz/xml --seconds $(or $(SECONDS),300)

fuzz-cms: dev ## coverage-guided fuzzing of CMS files, findings in .fuzz/cms/: make fuzz-cms [SECONDS=300]
	sh scripts/fuzz.sh cms --work .fuzz/cms --seconds $(or $(SECONDS),300)

clean: ## remove what was built; keys and provinces stay
	rm -rf $(VENV) .fuzz .venv-judges .venv-cards .judges .mypy_cache .ruff_cache .pytest_cache .import_linter_cache \
		.hypothesis build dist
