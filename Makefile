# `make help` lists the targets.  Everything is built under $(BUILD).

BUILD     ?= build
NGINX_SRC ?= /usr/share/nginx/src
PYTHON    ?= /usr/bin/python3
JOBS      ?= 2
# Most of a test's time is waiting.
TESTS_AT_ONCE ?= 4
T         ?=

MODULE  := $(BUILD)/ngx_http_edge_cache_module.so
OBJS    := $(abspath $(BUILD))/nginx
CC_OPT  ?= -O2 -g -fstack-protector-strong -Wformat -Werror=format-security \
           -Wdate-time -D_FORTIFY_SOURCE=2 -fPIC
LD_OPT  ?= -Wl,-z,relro -Wl,-z,now -fPIC
SOURCES := $(addprefix src/,$(shell cat src/sources))

.PHONY: all deps help module test listed unit model integration conformance \
        sanitize fuzz chaos chaos-planted rounds faults bench limits demo \
        neighbour matrix clean
all: module

help:
	@echo 'make              build $(MODULE)'
	@echo 'make test         install what is missing, build, run all tests'
	@echo 'make unit         unit tests only             [T=part of a name]'
	@echo 'make integration  tests with a real nginx     [T=pytest -k]'
	@echo 'make conformance  score by the public suite   [CACHE_TESTS=checkout]'
	@echo 'make demo         build and show it at work'
	@echo 'make sanitize     integration tests, all of nginx under ASan, UBSan'
	@echo 'make model        the protocol of invalidation     [STEPS=1000000]'
	@echo 'make fuzz         every fuzzer in turn        [SECONDS=60 T=...]'
	@echo 'make chaos        look for stale reads [CHAOS="--seconds 60 --seed N"]'
	@echo 'make chaos-planted  the same of a module with a bug'
	@echo 'make rounds       purge and read [ROUNDS="--rounds 100000"]'
	@echo 'make faults       each fault of Redis [FAULTS="--on tcp --seconds 60"]'
	@echo 'make bench        measure against other caches'
	@echo 'make neighbour    a job queue beside it on one Redis     [JOBS=10000]'
	@echo 'make matrix       all that asks Redis, on Debian 13      [T=...]'
	@echo 'make limits       what is promised of limits, measured   [T=R4]'
	@echo 'make clean        remove $(BUILD)'

# Goals that need packages get them first; a plain `make` only says so.
DEPS := $(filter test demo sanitize bench limits fuzz chaos chaos-planted \
          rounds faults neighbour matrix conformance,$(MAKECMDGOALS))
deps:
	@t/deps.sh $(DEPS)
ifneq ($(DEPS),)
$(OBJS)/Makefile: | deps
endif

# nginx's own build system makes the module, as it does for packagers.
# It gets per-header dependencies in place of nginx's "all headers", and what
# configure writes anew without a change keeps its time, so that a new line in
# src/sources compiles one file. nginx's list is ADDON_DEPS, which its rules
# have expanded before the end of the file: only the command line is in time.
KEPT := ngx_auto_config.h ngx_auto_headers.h
define DEVELOP
CFLAGS += $$(if $$(filter %.cpp,$$^),-MMD -MP -MT $$@)
-include $(OBJS)/addon/*/*.d
endef
export DEVELOP

$(OBJS)/Makefile: config src/sources Makefile
	@test -f $(NGINX_SRC)/conf_flags || \
	    { echo 'no nginx-dev here: run t/deps.sh build'; exit 1; }
	@mkdir -p $(OBJS)
	@for header in $(KEPT); do \
	    cp -p $(OBJS)/$$header $(OBJS)/kept_$$header 2>/dev/null || true; done
	@echo 'configuring against $(NGINX_SRC)'
	@cd $(NGINX_SRC) && bash -c '. ./conf_flags && \
	    ./configure "$${NGX_CONF_FLAGS[@]}" --builddir=$(OBJS) \
	    --with-cc-opt="$(CC_OPT)" --with-ld-opt="$(LD_OPT)" \
	    --add-dynamic-module=$(CURDIR)' >$(OBJS)/configure.log 2>&1 || \
	    { tail -n 20 $(OBJS)/configure.log; rm -f $@; exit 1; }
	@for header in $(KEPT); do \
	    cmp -s $(OBJS)/kept_$$header $(OBJS)/$$header && \
	    mv $(OBJS)/kept_$$header $(OBJS)/$$header || true; done
	@echo "$$DEVELOP" >>$@

module: $(OBJS)/Makefile
	@$(MAKE) -s -j$(JOBS) -C $(NGINX_SRC) -f $(OBJS)/Makefile modules \
	    ADDON_DEPS=$(CURDIR)/config
	@cmp -s $(OBJS)/$(notdir $(MODULE)) $(MODULE) || \
	    { cp $(OBJS)/$(notdir $(MODULE)) $(MODULE) && echo $(MODULE); }

test: deps listed module
	@$(MAKE) --no-print-directory unit
	@$(MAKE) --no-print-directory integration
	@$(MAKE) --no-print-directory conformance CACHE_TESTS=

listed:
	@find src -name '*.cpp' -printf '%P\n' | LC_ALL=C sort | \
	    diff - src/sources || { echo 'src/sources is not the list'; exit 1; }

unit:
	@$(MAKE) -s -j$(JOBS) -f t/unit/Makefile BUILD=$(BUILD)/unit T='$(T)'

# More of what `make unit` runs for a moment.
model: STEPS ?= 1000000
model:
	@$(MAKE) -s -j$(JOBS) -f t/unit/Makefile BUILD=$(BUILD)/unit \
	    $(BUILD)/unit/invalidate_protocol_test
	STEPS=$(STEPS) $(BUILD)/unit/invalidate_protocol_test

integration: module
	MODULE_SO=$(abspath $(MODULE)) \
	    $(PYTHON) -m pytest -n $(TESTS_AT_ONCE) t/integration $(if $(T),-k '$(T)')

conformance: deps module
	@MODULE_SO=$(abspath $(MODULE)) BUILD=$(abspath $(BUILD)) \
	    CACHE_TESTS='$(CACHE_TESTS)' $(PYTHON) t/conformance/run

sanitize: deps
	t/sanitize.sh $(BUILD)/sanitize '$(T)'

fuzz: deps
	@$(MAKE) -s -j$(JOBS) -f t/fuzz/Makefile BUILD=$(BUILD)/fuzz T='$(T)'

chaos: deps module
	@for mode in available strict; do \
	    MODULE_SO=$(abspath $(MODULE)) $(PYTHON) t/chaos/run --mode $$mode \
	        $(CHAOS) || exit 1; done

# The same with a bug in the module, which has to be found.
chaos-planted: deps module
	MODULE_SO=$$(t/chaos/planted.sh $(OBJS) $(BUILD)/planted) && \
	    MODULE_SO=$$MODULE_SO $(PYTHON) t/chaos/run --buggy $(CHAOS)

# 100000 times: purge, then read on three instances.
rounds: deps module
	MODULE_SO=$(abspath $(MODULE)) $(PYTHON) t/chaos/rounds $(ROUNDS)

faults: deps module
	MODULE_SO=$(abspath $(MODULE)) $(PYTHON) t/faults/run $(FAULTS)

bench: deps module
	MODULE_SO=$(abspath $(MODULE)) t/bench/run

neighbour: deps module
	MODULE_SO=$(abspath $(MODULE)) $(PYTHON) t/neighbour/crowded
	MODULE_SO=$(abspath $(MODULE)) BUILD=$(abspath $(BUILD)) t/neighbour/run

matrix: deps
	T='$(T)' t/matrix.sh $(BUILD)/matrix

limits: deps module
	@$(MAKE) -s -j$(JOBS) -f t/limits/Makefile BUILD=$(BUILD)/limits
	MODULE_SO=$(abspath $(MODULE)) LIMITS_BUILD=$(abspath $(BUILD))/limits \
	    t/limits/run $(T)

demo: deps module
	MODULE_SO=$(abspath $(MODULE)) t/demo/run

clean:
	rm -rf $(BUILD)
