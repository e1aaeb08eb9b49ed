# tiny.mk: the model of data/models/tiny from nothing: a vocabulary of its own, random weights, 75,000 small tasks.
#
#   make -f pipelines/tiny.mk [OUT=DIR] [SEED=N]        about ten minutes on two cores
#
# 0.9 M parameters, 4 layers of 128 channels. It comes with ift because making it would take the demo's time several times
# over, and because a base that everybody has makes figures comparable; bf16 keeps it under 2 MB. The same seed on the same
# kind of processor with the same -j gives the same file.
include $(dir $(lastword $(MAKEFILE_LIST)))common.mk

OUT     ?= $(TREE)/build/tiny
N       ?= 45000
STORIES ?= 20000 10000
MERGES  ?= 600
JOBS    ?= 1
PROBLEMS := $(TREE)/pipelines/problems.awk

all: $(OUT)/model/config.json

$(OUT)/tasks.jsonl: $(PROBLEMS)
	mkdir -p $(@D)
	awk -v kind=primer -v seed=$(SEED) -v n=$(N) -f $< < /dev/null > $@

# Stories of one change in all the words that the demo will use, with and without the rationale: what the demo adds is
# their number, not the words.
story = awk -v kind=chain -v seed=$(SEED)$1 -v n=$2 -v steps=1 -f $(PROBLEMS) < /dev/null | \
        ift-format --from flan-cot | ift-template-cot -s $(SEED) --templates $3

$(OUT)/primer.jsonl: $(OUT)/tasks.jsonl
	cat $< > $@
	$(call story,7,$(word 1,$(STORIES)),cot) >> $@
	$(call story,8,$(word 2,$(STORIES)),direct) >> $@

# Words are counted in what the model will read: tasks, stories, prompt, and the patterns that rationales are laid out by.
$(OUT)/words.txt: $(OUT)/primer.jsonl
	cat $(DATA)/prompts/alpaca.json $< | sed 's/\\n/\n/g' > $@

$(OUT)/start/tokenizer.json: $(OUT)/words.txt $(TREE)/pipelines/vocab.awk
	mkdir -p $(@D)
	cp $(DATA)/models/tiny/tokenizer_config.json $(@D)
	LC_ALL=C awk -v merges=$(MERGES) -f $(TREE)/pipelines/vocab.awk $< > $@

# The size of the vocabulary is what the words gave.
$(OUT)/start/config.json: $(OUT)/start/tokenizer.json
	size=$$(awk '/"vocab": {/ { inside = 1; next } /^    }/ { print n; exit } inside { n++ }' $<)
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
