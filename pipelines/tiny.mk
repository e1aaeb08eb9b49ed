# tiny.mk: the model of data/models/tiny from nothing: a vocabulary of its own, random weights, 100,000 small tasks.
#
#   make -f pipelines/tiny.mk [OUT=DIR] [SEED=N]        about ten minutes on two cores
#
# 0.9 M parameters, 4 layers of 128 channels. It comes with ift because making it would take the demo's time several times
# over, and because a base that everybody has makes figures comparable; bf16 keeps it under 2 MB. The same seed on the same
# kind of processor with the same -j gives the same file.
include $(dir $(lastword $(MAKEFILE_LIST)))common.mk

OUT     ?= $(TREE)/build/tiny
N       ?= 100000
MERGES  ?= 600
JOBS    ?= 1
PROBLEMS := $(TREE)/pipelines/problems.awk

all: $(OUT)/model/config.json

$(OUT)/primer.jsonl: $(PROBLEMS)
	mkdir -p $(@D)
	awk -v kind=primer -v seed=$(SEED) -v n=$(N) -f $< < /dev/null > $@

# Words are counted in what the model will read: tasks, stories, prompt, and the patterns that rationales are laid out by.
$(OUT)/words.txt: $(OUT)/primer.jsonl
	{ cat $(DATA)/templates/cot.jsonl $(DATA)/templates/direct.jsonl $(DATA)/prompts/alpaca.json $<; \
	  awk -v kind=chain -v seed=$(SEED) -v n=2000 -v steps=4 -f $(PROBLEMS) < /dev/null; } | sed 's/\\n/\n/g' > $@

$(OUT)/start/tokenizer.json: $(OUT)/words.txt $(TREE)/pipelines/vocab.awk
	mkdir -p $(@D)
	cp $(DATA)/models/tiny/tokenizer_config.json $(@D)
	LC_ALL=C awk -v merges=$(MERGES) -f $(TREE)/pipelines/vocab.awk $< > $@

# The size of the vocabulary is what the words gave.
$(OUT)/start/config.json: $(OUT)/start/tokenizer.json
	size=$$(awk '/"vocab": {/ { inside = 1; next } inside && /}/ { print n; exit } inside { n++ }' $<)
	sed "s/\"vocab_size\": [0-9]*/\"vocab_size\": $$size/" $(DATA)/models/tiny/config.json > $@

$(OUT)/init/config.json: $(OUT)/start/config.json
	rm -rf $(@D)
	ift-init --config $(<D) -s $(SEED) -o $(@D)

$(OUT)/primer.ifs: $(OUT)/primer.jsonl $(OUT)/init/config.json
	ift-tokenize --model $(OUT)/init --prompt alpaca -o $@ $<

$(OUT)/model/config.json: $(OUT)/primer.ifs
	rm -rf $(@D)
	ift-train --model $(OUT)/init --peft none --lr 2e-3 --schedule cosine --warmup 100 --epochs 1 --batch 32 \
	    -s $(SEED) -j $(JOBS) -o $(@D) $< > $(OUT)/train.log.jsonl

.PHONY: all
