# flan-cot.mk: FLAN's chain-of-thought data, from its TSV files to a tuned model.
#
#   make -f pipelines/flan-cot.mk FLAN=DIR MODEL=DIR [OUT=DIR] [TEST=FILE.jsonl]
#
# FLAN is a folder that holds the *_train.tsv files; MODEL a LLaMA-architecture folder. Every file becomes records
# with rationales, laid out by a pattern drawn for each record, then ids, and all of them one packed shard; OUT (default:
# flan-cot) gets the records, the shard, the adapter and the merged model. QUOTES=plain reads the files as FLAN
# itself does (no quoting, \n a line break) instead of as Alpaca-CoT did.
include $(dir $(lastword $(MAKEFILE_LIST)))common.mk

OUT       ?= flan-cot
TEMPLATES ?= cot
LENGTH    ?= 512
PROMPT    ?= alpaca
TRAIN     ?= --peft lora --rank 8 --lr 3e-4 --epochs 3 --batch 16
FORMAT    := $(if $(filter plain,$(QUOTES)),flan-cot-plain,flan-cot)

ifeq ($(and $(FLAN),$(MODEL)),)
$(error say where things are: make -f $(firstword $(MAKEFILE_LIST)) FLAN=DIR MODEL=DIR)
endif
SETS := $(sort $(patsubst $(FLAN)/%_train.tsv,%,$(wildcard $(FLAN)/*_train.tsv)))
ifeq ($(SETS),)
$(error no *_train.tsv in $(FLAN))
endif

all: $(OUT)/merged/config.json $(if $(TEST),$(OUT)/eval.jsonl)

$(OUT)/%.jsonl: $(FLAN)/%_train.tsv
	mkdir -p $(@D)
	ift-format --from $(FORMAT) $< | ift-template-cot -s $(SEED) --templates $(TEMPLATES) > $@

$(OUT)/train.ifs: $(SETS:%=$(OUT)/%.jsonl)
	ift-tokenize --model $(MODEL) --prompt $(PROMPT) --max-length $(LENGTH) $^ | ift-pack --length $(LENGTH) -o $@

$(OUT)/adapter/adapter_config.json: $(OUT)/train.ifs
	ift-train --model $(MODEL) $(TRAIN) -s $(SEED) --resume -o $(@D) $< >> $(OUT)/train.log.jsonl

$(OUT)/merged/config.json: $(OUT)/adapter/adapter_config.json
	ift-merge --model $(MODEL) --adapter $(<D) -o $(@D)

$(OUT)/eval.jsonl: $(OUT)/merged/config.json $(TEST)
	ift-eval --model $(<D) --prompt $(PROMPT) $(TEST) > $@

.PHONY: all
