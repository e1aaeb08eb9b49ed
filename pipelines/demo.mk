# demo.mk: do rationales in the data make a model reason better? In miniature, in about two minutes, on two cores.
#
#   make demo            or            make -f pipelines/demo.mk [OUT=DIR] [SEED=N] [STEPS=N]
#
# A source of ours draws stories in which a count changes STEPS times (problems.awk), as files of FLAN's chain-of-thought
# kind: question, answer, rationale. The same stories tune the same small model twice, once answering after the rationale and
# once answering at once; both are merged and asked stories neither has seen. The base model (data/models/tiny, made by
# tiny.mk) knows single sums and one-change stories only.
include $(dir $(lastword $(MAKEFILE_LIST)))common.mk

OUT   ?= $(TREE)/build/demo
BASE  ?= $(DATA)/models/tiny
STEPS ?= 4
TRAIN_N ?= 1500
TEST_N  ?= 100
TRAIN ?= --peft lora --rank 16 --alpha 32 --targets all-linear --lr 3e-3 --schedule cosine --warmup 20 --batch 4 --epochs 2
EVAL  ?= --prompt alpaca --task answer,loss --extract number --max-new 80

all: $(OUT)/summary
	@cat $<

$(OUT)/train.tsv $(OUT)/test.tsv:
	@mkdir -p $(@D)
	awk -v kind=chain -v seed=$(SEED)$(if $(findstring test,$@),999) -v n=$(if $(findstring test,$@),$(TEST_N),$(TRAIN_N)) \
	    -v steps=$(STEPS) -f $(TREE)/pipelines/problems.awk < /dev/null > $@

# with: the rationale, then the answer. without: the answer alone.
RECORDS = ift-format --from flan-cot $< | ift-template-cot -s $(SEED) -o $@ --templates

$(OUT)/%.with.jsonl: $(OUT)/%.tsv
	$(RECORDS) cot

$(OUT)/%.without.jsonl: $(OUT)/%.tsv
	$(RECORDS) direct

$(OUT)/%.ifs: $(OUT)/train.%.jsonl
	ift-tokenize --model $(BASE) --prompt alpaca $< | ift-pack --length 512 -o $@

$(OUT)/adapter.%/adapter_config.json: $(OUT)/%.ifs
	rm -rf $(@D)
	ift-train --model $(BASE) $(TRAIN) -s $(SEED) -o $(@D) $< > $(OUT)/train.$*.log.jsonl

$(OUT)/merged.%/config.json: $(OUT)/adapter.%/adapter_config.json
	rm -rf $(@D)
	ift-merge --model $(BASE) --adapter $(<D) -o $(@D)

$(OUT)/after.%.json: $(OUT)/merged.%/config.json $(OUT)/test.%.jsonl
	ift-eval --model $(<D) $(EVAL) --samples $(@:.json=.samples.jsonl) $(OUT)/test.$*.jsonl > $@

$(OUT)/before.%.json: $(OUT)/test.%.jsonl
	ift-eval --model $(BASE) $(EVAL) $< > $@

$(OUT)/summary: $(foreach x,with without,$(OUT)/before.$x.json $(OUT)/after.$x.json) $(TREE)/pipelines/summary.awk
	awk -v out=$(OUT) -v steps=$(STEPS) -f $(TREE)/pipelines/summary.awk > $@

.PHONY: all
