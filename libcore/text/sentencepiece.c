#include "libcore/text/sentencepiece.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/mem.h"
#include "libcore/io/utf8.h"
#include "libcore/text/protobuf.h"

static int malformed(struct ift_err *err, const char *what) {
    return IFT_FAIL(err, "%s is malformed or cut", what);
}

static int add_piece(struct ift_sentencepiece *m, struct ift_slice message, struct ift_err *err) {
    struct ift_sentencepiece_piece piece = {.type = IFT_SP_NORMAL};
    struct ift_protobuf r = {message.p, message.p + message.n};
    struct ift_protobuf_field f;
    int got;
    while ((got = ift_protobuf_next(&r, &f)) > 0) {
        if (f.number == 1 && f.wire == IFT_PROTOBUF_BYTES) piece.text = f.bytes;
        if (f.number == 2 && f.wire == IFT_PROTOBUF_FIXED32) {
            const uint32_t bits = (uint32_t)f.value;
            memcpy(&piece.score, &bits, sizeof piece.score);
        }
        if (f.number == 3 && f.wire == IFT_PROTOBUF_VARINT) piece.type = (int)f.value;
    }
    if (got < 0) return IFT_FAIL(err, "piece %zu is malformed or cut", m->n);
    if (piece.text.n == 0 || piece.text.n > IFT_SENTENCEPIECE_LONGEST)
        return IFT_FAIL(err, "piece %zu has %zu bytes, expected 1 to %d", m->n, piece.text.n,
                        IFT_SENTENCEPIECE_LONGEST);
    if (ift_utf8_check(piece.text.p, piece.text.n) != piece.text.n)
        return IFT_FAIL(err, "piece %zu is not UTF-8", m->n);
    if (!isfinite(piece.score))
        return IFT_FAIL(err, "the score of piece %zu is not a finite number", m->n);
    if (piece.type < IFT_SP_NORMAL || piece.type > IFT_SP_BYTE)
        return IFT_FAIL(err, "piece %zu has the unknown type %d", m->n, piece.type);
    m->piece = ift_grow(m->piece, m->n + 1, &m->cap, sizeof *m->piece);
    m->piece[m->n++] = piece;
    return 0;
}

static int read_trainer(struct ift_sentencepiece *m, struct ift_slice message,
                        struct ift_err *err) {
    struct ift_protobuf r = {message.p, message.p + message.n};
    struct ift_protobuf_field f;
    int got;
    while ((got = ift_protobuf_next(&r, &f)) > 0) {
        switch (f.number) {
        case 3: m->model_type = (int)f.value; break;
        case 24: m->whitespace_as_suffix = f.value != 0; break;
        case 35: m->byte_fallback = f.value != 0; break;
        case 44: m->unk_surface = f.bytes; break;
        case 46: m->bos = f.bytes; break;
        case 47: m->eos = f.bytes; break;
        case 48: m->pad = f.bytes; break;
        default: break;
        }
    }
    return got < 0 ? malformed(err, "the trainer specification") : 0;
}

static int read_normalizer(struct ift_sentencepiece *m, struct ift_slice message,
                           struct ift_err *err) {
    struct ift_protobuf r = {message.p, message.p + message.n};
    struct ift_protobuf_field f;
    int got;
    while ((got = ift_protobuf_next(&r, &f)) > 0) {
        switch (f.number) {
        case 2: m->charsmap = f.bytes; break;
        case 3: m->dummy_prefix = f.value != 0; break;
        case 4: m->remove_extra_whitespace = f.value != 0; break;
        case 5: m->escape_whitespace = f.value != 0; break;
        default: break;
        }
    }
    return got < 0 ? malformed(err, "the normalizer specification") : 0;
}

static int read_denormalizer(struct ift_sentencepiece *m, struct ift_slice message,
                             struct ift_err *err) {
    struct ift_protobuf r = {message.p, message.p + message.n};
    struct ift_protobuf_field f;
    int got;
    while ((got = ift_protobuf_next(&r, &f)) > 0)
        if (f.number == 2) m->decode_charsmap = f.bytes;
    return got < 0 ? malformed(err, "the denormalizer specification") : 0;
}

static int check_unknown(const struct ift_sentencepiece *m, struct ift_err *err) {
    size_t unknown = 0;
    for (size_t i = 0; i < m->n; i++) unknown += m->piece[i].type == IFT_SP_UNKNOWN;
    if (m->n == 0) return IFT_FAIL(err, "not a SentencePiece model: it has no pieces");
    if (unknown != 1) return IFT_FAIL(err, "%zu pieces of type UNKNOWN, expected one", unknown);
    return 0;
}

int ift_sentencepiece_parse(struct ift_sentencepiece *m, const char *p, size_t n,
                            struct ift_err *err) {
    *m = (struct ift_sentencepiece){
        .model_type = IFT_SP_UNIGRAM,
        .unk_surface = ift_slice(" \xe2\x81\x87 "),
        .bos = ift_slice("<s>"),
        .eos = ift_slice("</s>"),
        .pad = ift_slice("<pad>"),
        .dummy_prefix = true,
        .remove_extra_whitespace = true,
        .escape_whitespace = true,
    };
    struct ift_protobuf r = {p, p + n};
    struct ift_protobuf_field f;
    int got, rc = 0;
    while (rc == 0 && (got = ift_protobuf_next(&r, &f)) != 0) {
        if (got < 0)
            rc = malformed(err, "not a SentencePiece model, or the file");
        else if (f.wire != IFT_PROTOBUF_BYTES)
            continue;
        else if (f.number == 1)
            rc = add_piece(m, f.bytes, err);
        else if (f.number == 2)
            rc = read_trainer(m, f.bytes, err);
        else if (f.number == 3)
            rc = read_normalizer(m, f.bytes, err);
        else if (f.number == 5)
            rc = read_denormalizer(m, f.bytes, err);
    }
    if (rc == 0) rc = check_unknown(m, err);
    if (rc < 0) ift_sentencepiece_release(m);
    return rc;
}

void ift_sentencepiece_release(struct ift_sentencepiece *m) {
    free(m->piece);
    *m = (struct ift_sentencepiece){0};
}
