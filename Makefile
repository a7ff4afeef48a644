# Everything starts here, and nothing needs an earlier step: each target makes what it lacks.
# What the sessions do is in noxfile.py.
#   make verify ARGS="--stage source"     make test ARGS="-k guards"     make PYTHON=python3.12 verify

export PYTHON ?= python3
NOX := .venv-verify/bin/nox
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup verify prove test run lint image clean environments engine browser

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Make the virtual environments, start the container engine, get base image and browser
	@$(MAKE) --no-print-directory --jobs=2 environments engine browser

verify: setup ## Prove the dashboard, from its source to its running container
	@$(NOX) -s verify -- $(ARGS)

prove: setup ## Plant every known defect, and see each gate turn red
	@$(NOX) -s prove -- $(ARGS)

test: setup ## Run the tests
	@$(NOX) -s tests -- $(ARGS)

run: environments ## Start the dashboard (PORT=8501)
	@exec .venv/bin/python -m streamlit run streamlit_pages/aicmo_operator.py $(if $(PORT),--server.port=$(PORT)) $(ARGS)

lint: environments ## Check style, types, floors, and that every test can be collected
	@$(NOX) -s lint types floors collected

image: setup ## Build the image aicmo:dashboard
	@$(NOX) -s image

clean: ## Remove all that was made here (not the container engine, not its images)
	rm -rf .venv .venv-verify build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .nox
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

environments:
	@scripts/setup.sh

engine:
	@scripts/provision.sh

# It is the toolkit that looks for one, and its Playwright that can download one.
browser: environments
	@scripts/browser.sh
